"""The warehouses that data can be loaded into, and all that differs between them.

Each engine has a module: `duckdb`, `postgres`, `bigquery`, and `other` for the rest.
`other` also defines the methods that engines override. No module outside asks which
engine it is.
"""

from . import driver_errors
from .asking import Ask
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
    "Ask",
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
