"""Work in the warehouse between a package's rows and its commit.

dlt commits a package by a row in `_dlt_loads`, which its private `complete_load`
writes. There is no public hook before it. Work done earlier would miss rows. Work done
later could be lost by a kill, although the package counts.

The work is a context, given the load's id: it may hold a transaction open, in which the
package is committed. It belongs to one schema: dlt may add a package of the default
schema with nothing but its own state.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any

from dlt.destinations.job_client_impl import SqlJobClientBase
from dlt.destinations.sql_client import SqlClientBase

Work = Callable[[SqlClientBase[Any], str], AbstractContextManager[None]]

_WORK: ContextVar[tuple[str, Work] | None] = ContextVar(
    "a schema, and the work before commits of its packages", default=None
)


@contextmanager
def before_commit(schema: str, work: Work) -> Iterator[None]:
    """Within this, a package of the schema is committed inside `work`."""
    token = _WORK.set((schema, work))
    try:
        yield
    finally:
        _WORK.reset(token)


class WorkBeforeCommit(SqlJobClientBase):
    """A client of dlt's that does the work first."""

    def complete_load(self, load_id: str) -> None:
        """Do the work, then note that the package is committed."""
        with self._work(load_id):
            super().complete_load(load_id)

    def _work(self, load_id: str) -> AbstractContextManager[None]:
        if (due := _WORK.get()) and due[0] == self.schema.name:
            return due[1](self.sql_client, load_id)
        return nullcontext()
