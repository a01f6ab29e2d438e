"""Whether a refusal concerns one day or the whole run: the first replies decide."""

import anyio

from .errors import RefusedError


class Admission:
    """Shared by the callers of a run: has the API accepted any call?

    A 401 or 403 may concern a single day. So a caller whose day was refused waits until
    another caller's call is accepted, or until no other caller can still have one.
    """

    def __init__(self, callers: int) -> None:
        self._seeking = callers
        self._is_accepted = False
        self._is_settled = anyio.Event()

    def accept(self) -> None:
        """A call was accepted: from now on a refusal concerns only its day."""
        self._is_accepted = True
        self._is_settled.set()

    def leave(self) -> None:
        """A caller makes no more calls, or waits for the others."""
        self._seeking -= 1
        if not self._seeking:
            self._is_settled.set()

    async def require(self, refused: RefusedError) -> None:
        """Return once a call is accepted. Raises `refused.ends_run` if none can be."""
        self.leave()
        await self._is_settled.wait()
        if not self._is_accepted:
            raise refused.ends_run from None
