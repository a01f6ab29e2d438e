"""Store the same dlt schema in the warehouse after every load.

dlt replaces days by a hint on their tables, and the hint names the days. So dlt would
store a new version of the whole schema, some 14 kB, for every night that replaces
different days, and another in the staging dataset. No public setting leaves a hint out.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any, TypeVar

from dlt.common.destination import Destination
from dlt.common.schema import Schema, TSchemaTables
from dlt.destinations.job_client_impl import SqlJobClientBase

from .dlt_commit import WorkBeforeCommit
from .dlt_resolved_once import ResolvedOnce

AnyFactory = TypeVar("AnyFactory", bound=type[Destination[Any, Any]])

HINTS_OF_ONE_LOAD = ("x-merge-destination-scope", "x-merge-strategy")


def storing_one_schema(factory: AnyFactory) -> AnyFactory:
    """The same destination and name, with a client that stores one schema.

    It also remembers its settings, see `dlt_resolved_once`.
    """

    def client_class(destination: Destination[Any, Any]) -> type[SqlJobClientBase]:
        client = factory.client_class.__get__(destination)
        return type(client.__name__, (OneStoredSchema, client), {})

    # dlt finds settings by the name, and stores name and module in its state
    names = {"__module__": factory.__module__, "client_class": property(client_class)}
    return type(factory.__name__, (ResolvedOnce, factory), names)  # type: ignore[return-value]


class OneStoredSchema(WorkBeforeCommit):
    """A dlt client that stores the schema without the hints of one load."""

    def update_stored_schema(
        self,
        only_tables: Any = None,  # noqa: ANN401 - as dlt types them
        expected_update: Any = None,  # noqa: ANN401
        force: bool = False,
    ) -> TSchemaTables | None:
        """Create or change tables, and store the schema if it is new.

        Always with `force`: dlt checks tables only if the schema is new. Otherwise
        a table that somebody dropped would stay missing.
        """
        with self._lasting_schema():
            return super().update_stored_schema(only_tables, expected_update, True)

    def complete_load(self, load_id: str) -> None:
        """Record that a load is committed, and its schema."""
        with self._lasting_schema():
            super().complete_load(load_id)

    @contextmanager
    def _lasting_schema(self) -> Iterator[None]:
        of_load = self.schema
        self.schema = lasting(of_load)
        try:
            yield
        finally:
            self.schema = of_load


def lasting(schema: Schema) -> Schema:
    """A copy with its own hash and without merge hints: all tables are `append`."""
    stored: dict[str, Any] = {**deepcopy(schema.to_dict())}
    for table in stored["tables"].values():
        if table.get("write_disposition") == "merge":
            table["write_disposition"] = "append"
        for hint in HINTS_OF_ONE_LOAD:
            table.pop(hint, None)
    return Schema.from_dict(stored, validate_schema=False)
