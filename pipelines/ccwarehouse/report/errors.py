"""What keeps a report from being written.

ImpossibleNameError
  UnknownAccountError   nothing is loaded under this name
RuntimeError
  PictureError          a chart cannot be drawn as a PNG
"""

from collections.abc import Sequence

from ..warehouses import ImpossibleNameError


class UnknownAccountError(ImpossibleNameError):
    """Nothing is loaded under this name; the message has those there are."""

    def __init__(self, account: str, loaded: Sequence[str]) -> None:
        super().__init__(
            f"There is no account {account!a}. Loaded: {', '.join(loaded)}."
            " Name one of them: --account"
        )


class PictureError(RuntimeError):
    """A PNG cannot be drawn; the message says what to install."""
