"""The warehouses that data can be loaded into, and all that differs between them.

Each engine has a file: `duckdb`, `postgres`, `bigquery`, and `other` for all the rest,
with the questions that each of them answers. Nobody outside asks which engine it is.
"""

from . import driver_errors
from .engines import ENGINES, engine_of
from .errors import (
    ImpossibleNameError,
    NothingLoadedError,
    ObstacleError,
    PublishError,
    UnsuitableDestinationError,
    UnusableCredentialsError,
    WarehouseInUseError,
)
from .views import Failure
from .waiting import Patience
from .warehouse import Warehouse, open_warehouse

__all__ = [
    "ENGINES",
    "Failure",
    "ImpossibleNameError",
    "NothingLoadedError",
    "ObstacleError",
    "Patience",
    "PublishError",
    "UnsuitableDestinationError",
    "UnusableCredentialsError",
    "Warehouse",
    "WarehouseInUseError",
    "driver_errors",
    "engine_of",
    "open_warehouse",
]
