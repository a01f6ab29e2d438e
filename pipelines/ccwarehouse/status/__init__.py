"""What the warehouse holds, day by day, and whether anything is missing."""

from .facts import GAPS, State, Status
from .read import read_status

__all__ = ["GAPS", "State", "Status", "read_status"]
