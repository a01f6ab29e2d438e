"""The warehouses that data can be loaded into, and all that differs between them.

Each engine has a module: `duckdb`, `postgres`, `bigquery`, and `other` for the rest.
`other` also defines the methods that engines override. No module outside asks which
engine it is.
"""

from . import driver_errors
from .absent import has_further
from .asking import Ask
from .copying import copy_dataset
from .engines import ENGINES, dialect_for, engine_of
from .errors import (
    CopyError,
    ImpossibleNameError,
    NobodyError,
    NothingLoadedError,
    ObstacleError,
    OlderShapeError,
    OtherShapeError,
    PrivacyError,
    PublishError,
    UnsuitableDestinationError,
    UnusableCredentialsError,
    WarehouseInUseError,
)
from .names import marts_name
from .other import Dialect
from .shape import SHAPE_FACT, VERSION_FACT
from .views import Failure
from .waiting import Patience
from .warehouse import Warehouse, open_warehouse

__all__ = [
    "ENGINES",
    "SHAPE_FACT",
    "VERSION_FACT",
    "Ask",
    "CopyError",
    "Dialect",
    "Failure",
    "ImpossibleNameError",
    "NobodyError",
    "NothingLoadedError",
    "ObstacleError",
    "OlderShapeError",
    "OtherShapeError",
    "Patience",
    "PrivacyError",
    "PublishError",
    "UnsuitableDestinationError",
    "UnusableCredentialsError",
    "Warehouse",
    "WarehouseInUseError",
    "copy_dataset",
    "dialect_for",
    "driver_errors",
    "engine_of",
    "has_further",
    "marts_name",
    "open_warehouse",
]
