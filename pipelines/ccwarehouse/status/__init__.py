"""The state of each day in the warehouse, and which days are missing."""

from .accounts import Statuses, read_statuses
from .facts import GAPS, State, Status
from .read import read_status

__all__ = ["GAPS", "State", "Status", "Statuses", "read_status", "read_statuses"]
