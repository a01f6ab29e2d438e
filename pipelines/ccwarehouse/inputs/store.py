"""Store each changed file as a new version in the warehouse, whole or not at all.

One package has all rows of a version and its row in `input_files`. The version counts
as soon as dlt records the package in `_dlt_loads`. The rows of a load that was killed
before that are never read.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import dlt
import pyarrow as pa
from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.destinations.sql_client import SqlClientBase
from dlt.extract import DltResource, DltSource

from whole_days.report import Announced
from whole_days.table import LOAD_ID

from .budgets import require_known_currencies
from .input_file import InputFile
from .tables import INPUT_FILES, INPUT_TABLES

INPUTS: Final = "ccwarehouse_inputs"  # the schema
TEAMS: Final = "teams"
EMPTY: Final[Mapping[str, pa.Table]] = MappingProxyType({})

_NEWEST = """
    select files.name, files.version, files.content_hash, files.min_group_size
    from {input_files} as files
    join {loads} as loads on loads.load_id = files._dlt_load_id
    where loads.status = 0
    order by files.version
"""

_CURRENCIES = """
    select distinct {currency} from {costs} where {currency} is not null
"""


class _Version(NamedTuple):
    """A version of a file from a committed load."""

    name: str
    version: int
    content_hash: str
    min_group_size: int | None

    def holds(self, file: InputFile) -> bool:
        """Whether the file is the same, so that loading it would change nothing."""
        is_same_size = file.min_group_size in (None, self.min_group_size)
        return is_same_size and self.content_hash == file.content_hash


def store_inputs(
    pipeline: dlt.Pipeline,
    files: Sequence[InputFile],
    now: datetime,
    spent: Announced,
) -> list[InputFile]:
    """Load the files that differ from their versions in force, in one package.

    `spent` is the column with the currencies that are spent. Returns the loaded files;
    when it returns, their versions are in force. Raises
    `InputFileError`, before anything is written, for a budget in a currency that nobody
    spends. Also raises dlt's errors of the warehouse.
    """
    with pipeline.sql_client() as client:
        newest = _newest(client)
        changed = [file for file in files if not _is_held(file, newest)]
        _require_currencies(client, changed, spent)
    if changed:
        pipeline.run(as_source(_rows(changed, newest, now)))
    return changed


def check_inputs(
    client: SqlClientBase[Any], files: Sequence[InputFile], spent: Announced
) -> bool:
    """Raise as `store_inputs` does, but write nothing.

    False: nothing is spent yet, so that the currencies of the files could not be
    checked.
    """
    if not any(file.name == "budgets" for file in files):
        return True
    newest = _newest(client)
    changed = [file for file in files if not _is_held(file, newest)]
    return _require_currencies(client, changed, spent)


def stored_group_size(client: SqlClientBase[Any]) -> int:
    """How many active people a team in force needs to be shown by itself."""
    return _size_of(_newest(client).get(TEAMS))


def make_input_tables(pipeline: dlt.Pipeline) -> None:
    """Create the tables of the files that are missing."""
    pipeline.run(as_source({}))


def as_source(rows: Mapping[str, pa.Table]) -> DltSource:
    """Rows of some tables as a dlt source. It creates all tables, even without rows."""
    source = DltSource(dlt.Schema(INPUTS), INPUTS, input_resources(rows))
    source.root_key = False  # otherwise a replacement would change the schema
    return source


def input_resources(rows: Mapping[str, pa.Table] = EMPTY) -> list[DltResource]:
    """A resource for each table; it creates the table even without rows."""
    return [
        dlt.resource(
            chain(_resource(name, rows.get(name, table.empty()))),  # as in whole_days
            name=name,
        )
        for name, table in INPUT_TABLES.items()
    ]


def _resource(name: str, rows: pa.Table) -> Iterator[pa.Table]:
    dlt.current.source_schema().update_table(INPUT_TABLES[name].hints())
    load_id = dlt.current.load_package_state()["load_id"]
    yield rows.append_column(LOAD_ID, pa.repeat(load_id, len(rows)))


def _rows(
    files: Sequence[InputFile], newest: Mapping[str, _Version], now: datetime
) -> dict[str, pa.Table]:
    versions = {
        file.name: newest[file.name].version + 1 if file.name in newest else 1
        for file in files
    }
    notes = [
        {
            "name": file.name,
            "version": versions[file.name],
            "content_hash": file.content_hash,
            "row_count": len(file.rows),
            "min_group_size": _group_size(file, newest),
            "loaded_at": now,
        }
        for file in files
    ]
    rows = {file.table.name: file.as_table(versions[file.name]) for file in files}
    return rows | {INPUT_FILES.name: pa.Table.from_pylist(notes, INPUT_FILES.schema)}


def _group_size(file: InputFile, newest: Mapping[str, _Version]) -> int | None:
    """That of the file, else the stored one, at first 1; only teams have one.

    Whoever forgets to name it must not show small teams again.
    """
    if file.name != TEAMS or file.min_group_size is not None:
        return file.min_group_size
    return _size_of(newest.get(TEAMS))


def _size_of(teams: _Version | None) -> int:
    return (teams and teams.min_group_size) or 1


def _is_held(file: InputFile, newest: Mapping[str, _Version]) -> bool:
    version = newest.get(file.name)
    return version.holds(file) if version else file.is_usual


def _newest(client: SqlClientBase[Any]) -> dict[str, _Version]:
    """The version in force of each file that was ever loaded."""
    query = _NEWEST.format(
        input_files=client.make_qualified_table_name(INPUT_FILES.name),
        loads=client.make_qualified_table_name("_dlt_loads"),
    )
    versions = (_Version(*row) for row in _asked(client, query))
    return {version.name: version for version in versions}  # the last one stays


def _require_currencies(
    client: SqlClientBase[Any], changed: Sequence[InputFile], spent: Announced
) -> bool:
    budgets = [file for file in changed if file.rows and file.name == "budgets"]
    if not budgets:
        return True
    costs = client.make_qualified_table_name(spent.table)
    query = _CURRENCIES.format(costs=costs, currency=spent.column)
    known = {currency for (currency,) in _asked(client, query)}
    for file in budgets:
        require_known_currencies(file, known)
    return bool(known)


def _asked(client: SqlClientBase[Any], query: str) -> Sequence[Sequence[Any]]:
    """The rows of a query; none if a table does not exist yet."""
    try:
        return client.execute_sql(query) or ()
    except DatabaseUndefinedRelation:
        return ()
