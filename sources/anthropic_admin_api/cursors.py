"""The cursors of one sequence of pages: bounded, and never the same twice."""

from .errors import ContractError

# A sequence that exceeds these limits fails. No real one comes near them.
MAX_PAGES = 10_000  # of a thousand records each
MAX_EMPTY_PAGES = 100  # in a row: the API may filter out all records of a page


class Cursors:
    """Is told of each page that has a next one. `of` is what the pages make up."""

    def __init__(self, of: str) -> None:
        self._of = of
        self._seen: set[str] = set()
        self._empty = 0

    def after(self, cursor: str | None, *, is_empty: bool) -> str:
        """The cursor to send next. Raises `ContractError` if there can be no end."""
        self._empty = self._empty + 1 if is_empty else 0
        if not cursor:
            raise ContractError("the reply says has_more but gives no next_page")
        if cursor in self._seen:
            raise ContractError("the reply repeats a page cursor")
        if self._empty == MAX_EMPTY_PAGES:
            raise ContractError(
                f"{self._empty} pages in a row were empty, and has_more is true"
            )
        if len(self._seen) + 1 == MAX_PAGES:
            raise ContractError(f"the {self._of} has more than {MAX_PAGES:,} pages")
        self._seen.add(cursor)
        return cursor
