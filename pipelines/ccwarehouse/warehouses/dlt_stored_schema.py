"""The schema that dlt stores in the warehouse: the same after every load.

dlt replaces days by a hint of their tables, which names the days. It would store a new
version of the whole schema, some 14 kB, for every night that replaces other days than
the one before, and one more in the staging dataset. No public setting keeps a hint out.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any, TypeVar

from dlt.common.destination import Destination
from dlt.common.schema import Schema, TSchemaTables
from dlt.destinations.job_client_impl import SqlJobClientBase

from .dlt_commit import WorkBeforeCommit

AnyFactory = TypeVar("AnyFactory", bound=type[Destination[Any, Any]])

HINTS_OF_ONE_LOAD = ("x-merge-destination-scope", "x-merge-strategy")


def storing_one_schema(factory: AnyFactory) -> AnyFactory:
    """The same destination, by the same name, whose client stores one schema."""

    def client_class(destination: Destination[Any, Any]) -> type[SqlJobClientBase]:
        client = factory.client_class.__get__(destination)
        return type(client.__name__, (OneStoredSchema, client), {})

    # dlt finds settings by the name, and notes name and module in its state
    names = {"__module__": factory.__module__, "client_class": property(client_class)}
    return type(factory.__name__, (factory,), names)  # type: ignore[return-value]


class OneStoredSchema(WorkBeforeCommit):
    """A client of dlt's that leaves out of the stored schema how one load writes."""

    def update_stored_schema(
        self,
        only_tables: Any = None,  # noqa: ANN401 - as dlt types them
        expected_update: Any = None,  # noqa: ANN401
        force: bool = False,
    ) -> TSchemaTables | None:
        """Make or change tables, and store the schema if it is new.

        Always by `force`: dlt looks for tables of a new schema only. One that somebody
        has dropped would be missing for good, as the schema is not new again.
        """
        with self._lasting_schema():
            return super().update_stored_schema(only_tables, expected_update, True)

    def complete_load(self, load_id: str) -> None:
        """Note that a load is committed, and by which schema."""
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
    """A copy with its own hash, in which every table is appended to."""
    stored: dict[str, Any] = {**deepcopy(schema.to_dict())}
    for table in stored["tables"].values():
        if table.get("write_disposition") == "merge":
            table["write_disposition"] = "append"
        for hint in HINTS_OF_ONE_LOAD:
            table.pop(hint, None)
    return Schema.from_dict(stored, validate_schema=False)
