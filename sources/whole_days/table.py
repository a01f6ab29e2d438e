"""The one declaration of a table: its columns with type and meaning."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa
from dlt.common.schema.typing import TTableSchema, TTableSchemaColumns

# dlt's column for the load that wrote a row. The load fills it, not the source.
LOAD_ID = "_dlt_load_id"

# dlt's columns for the id of a row, and for the id of its parent.
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
    """A table: its grain, and its columns in order.

    `columns` are those that the source fills. Data rows are replaced by day and
    partitioned by the column `date`. Notes are only appended. `filtered_by` names the
    columns that readers filter by after the day.
    """

    name: str
    description: str
    columns: Sequence[Column]
    is_data: bool = False
    filtered_by: Sequence[str] = ()

    @cached_property
    def schema(self) -> pa.Schema:
        """The Arrow schema of the rows, without the load's id."""
        return pa.schema([(column.name, column.type) for column in self.columns])

    @cached_property
    def descriptions(self) -> dict[str, str]:
        """The meaning of each column, including the load's id."""
        return {column.name: column.description for column in (*self.columns, OF_LOAD)}

    def empty(self) -> pa.Table:
        """No rows."""
        return self.schema.empty_table()

    def of(self, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
        """The rows as an Arrow table; missing columns are null."""
        return pa.Table.from_pylist(list(rows), self.schema)

    def hints(self) -> TTableSchema:
        """dlt's hints for the table."""
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
