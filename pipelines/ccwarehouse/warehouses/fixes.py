"""The advice at the end of a warehouse's error messages."""

from typing import Final

WAIT: Final = "Wait until it has ended, then run the same command again."
REPAIR: Final = "Make it reachable and writable, then run the same command again."
CORRECT: Final = "Correct user and password in dlt's configuration, then run it again."
CREATE: Final = "Create it or name another in dlt's configuration, then run it again."
GRANT: Final = (
    "Grant the rights that docs/warehouses lists for a loader, then run it again."
)
MAKE_ROOM: Final = "Make room on its disk, then run the same command again."
