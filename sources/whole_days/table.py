"""A table as its source declares it, once: columns with type and meaning."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa
from dlt.common.schema.typing import TTableSchema, TTableSchemaColumns

# dlt's column for the load that wrote a row. A load knows its id, a source does not.
LOAD_ID = "_dlt_load_id"

# dlt's columns for the id of a row, and for that of the row a child belongs to.
ID = "_dlt_id"
PARENT = "_dlt_parent_id"


@dataclass(frozen=True)
class Column:
    """A column: its Arrow type, and its meaning with the unit."""

    name: str
    type: pa.DataType
    description: str


OF_LOAD = Column(
    LOAD_ID,
    pa.string(),
    "Load that wrote the row; committed ones are in _dlt_loads.",
)


@dataclass(frozen=True)
class Table:
    """A table: what it has a row for, and its columns in their order.

    `columns` are those that the source fills. Rows of data are replaced with their
    day, the column `date`, and partitioned by it; notes are only ever appended.
    `filtered_by` names the columns that readers filter by after the day.
    """

    name: str
    description: str
    columns: Sequence[Column]
    is_data: bool = False
    filtered_by: Sequence[str] = ()

    @cached_property
    def schema(self) -> pa.Schema:
        """The Arrow schema of rows before a load adds its id."""
        return pa.schema([(column.name, column.type) for column in self.columns])

    @cached_property
    def descriptions(self) -> dict[str, str]:
        """The meaning of each column in the warehouse, the load's id among them."""
        return {column.name: column.description for column in (*self.columns, OF_LOAD)}

    def empty(self) -> pa.Table:
        """No rows."""
        return self.schema.empty_table()

    def of(self, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
        """Rows as Arrow has them; a column that a row does not name is null."""
        return pa.Table.from_pylist(list(rows), self.schema)

    def hints(self) -> TTableSchema:
        """What dlt is told of the table."""
        columns: TTableSchemaColumns = {
            name: {"name": name, "description": text}
            for name, text in self.descriptions.items()
        }
        if self.is_data:
            columns["date"]["partition"] = True
        return {
            "name": self.name,
            "description": self.description,
            "columns": columns,
        }
