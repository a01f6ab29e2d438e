"""What the warehouse holds, day by day, and whether anything is missing."""

from .facts import GAPS, State, Status
from .read import read_status
from .tell import end_of_status, remarks, status_as_dict, status_as_lines

__all__ = [
    "GAPS",
    "State",
    "Status",
    "end_of_status",
    "read_status",
    "remarks",
    "status_as_dict",
    "status_as_lines",
]
