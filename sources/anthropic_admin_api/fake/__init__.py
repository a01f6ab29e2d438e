"""A fake API over real HTTP, and the made-up organisation it reports on."""

from .api import DEMO_API_KEY, PATH, FakeApi, Response, error
from .files import budgets_csv, teams_csv
from .neighbours import Neighbours
from .request import Request

__all__ = [
    "DEMO_API_KEY",
    "PATH",
    "FakeApi",
    "Neighbours",
    "Request",
    "Response",
    "budgets_csv",
    "error",
    "teams_csv",
]
