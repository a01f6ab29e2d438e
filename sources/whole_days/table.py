"""A table as its source declares it, once: columns with type and meaning."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa
from dlt.common.schema.typing import TTableSchema, TTableSchemaColumns

# The column that dlt's load writes last, as a load knows its id and a source does not.
LOAD_ID = "_dlt_load_id"


@dataclass(frozen=True)
class Column:
    """A column: its Arrow type, and its meaning with the unit."""

    name: str
    type: pa.DataType
    description: str


OF_LOAD = Column(
    LOAD_ID,
    pa.string(),
    "Load that wrote the row; completed ones are in _dlt_loads.",
)


@dataclass(frozen=True)
class Table:
    """A table: what it has a row for, and its columns in their order.

    `columns` are those that the source fills. Rows of data are replaced with their
    day, the column `date`, and partitioned by it; notes are only ever appended.
    """

    name: str
    description: str
    columns: Sequence[Column]
    is_data: bool = False

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
