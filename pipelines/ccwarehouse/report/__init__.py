"""A page of a month: what Claude Code costs, who uses it, and what stands out.

It is one file of HTML that fetches nothing. `read` asks the marts, `figures` computes,
`sections` puts it into words and charts, and `render` into HTML.
"""

from .errors import PictureError, UnknownAccountError
from .read import Request
from .write import Written, require_pictures, write_report

__all__ = [
    "PictureError",
    "Request",
    "UnknownAccountError",
    "Written",
    "require_pictures",
    "write_report",
]
