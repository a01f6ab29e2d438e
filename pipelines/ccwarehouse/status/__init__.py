"""The state of each day in the warehouse, and which days are missing."""

from .facts import GAPS, State, Status
from .read import read_status

__all__ = ["GAPS", "State", "Status", "read_status"]
