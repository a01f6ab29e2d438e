"""The error of this source, in addition to those of `anthropic_admin_api`.

WholeDaysError
└── SnapshotError            the organisation could not be read whole
"""

from whole_days.errors import WholeDaysError


class SnapshotError(WholeDaysError):
    """A list did not come whole, so nothing of the snapshot is stored."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The organisation's users and keys could not be read: {reason}. The next "
            "load reads them again."
        )
