"""Where a person is in a dataset, and how to change the tables that have no days."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, NamedTuple

from dlt.destinations.exceptions import DatabaseUndefinedRelation

from claude_code_marts import materialised
from whole_days.ledger_tables import DAY_FETCHES
from whole_days.privacy import Privacy, folded
from whole_days.report import Report
from whole_days.table import ID, PARENT

from ..inputs.tables import ACTOR_OWNERS, BUDGETS, INPUT_FILES, TEAM_MEMBERS
from .engines import dialect_of
from .materialised import replacements
from .naming_tables import named_rows
from .other import Client
from .replaced_rows import Changes
from .search import Judge, names
from .statements import batched, is_there, literals, transaction_of_ddl
from .stored_names import table_name

Days = dict[str, set[date]]  # of each account


class Place(NamedTuple):
    """A column of an input table that names people, and the rows in which it does.

    `kind` is the name of its versions in `input_files`.
    """

    table: str
    kind: str
    column: str
    where: str = "1 = 1"


OWNED: Final = Place(ACTOR_OWNERS.name, "owners", "actor")
OF_FILES: Final = (
    Place(TEAM_MEMBERS.name, "teams", "actor"),
    Place(BUDGETS.name, "budgets", "name", "scope = 'user'"),
    OWNED,
    Place(ACTOR_OWNERS.name, "owners", "owner"),
)
TABLES: Final = frozenset(place.table for place in OF_FILES)
NAMES_AT_ONCE: Final = 200
WITHHELD: Final = "(withheld)"


@dataclass
class Traces:
    """What a dataset has of a person: rows by table, and the days that name them.

    `spellings` are the names as the report's rows have them.
    """

    rows: dict[str, int] = field(default_factory=dict)
    days: Days = field(default_factory=dict)
    spellings: list[str] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """The rows of each table that has some."""
        return {table: rows for table, rows in self.rows.items() if rows}


def traces(client: Client, report: Report[Any], name: str) -> Traces:
    """Where a name is, as it is stored, in any case."""
    found = Traces(spellings=_spellings(client, report, name))
    usage = client.make_qualified_table_name(report.tables[0].name)
    if found.spellings:
        named = _in(client, report.names, found.spellings)
        _add_days(client, found.days, f"from {usage} where {named}")
        found.rows[report.tables[0].name] = _count(client, f"{usage} where {named}")
        for table in report.tables[1:]:
            path = client.make_qualified_table_name(table.name)
            records = f"select {ID} from {usage} where {named}"
            where = f"{PARENT} in ({records})"
            found.rows[table.name] = _count(client, f"{path} where {where}")
        for mart, rows in _in_marts(client, found.spellings):
            found.rows[mart] = rows
    _add_days(client, found.days, *_quoting(client, report, name))
    for place in _places(client):
        rows = sum(count for _, count in _versions(client, place, name))
        found.rows[place.table] = found.rows.get(place.table, 0) + rows
    found.rows |= named_rows(client, folded(name))
    return found


def summed_days(client: Client, report: Report[Any], first: date) -> Days:
    """The days before `first` that are not stored as sums yet."""
    usage = client.make_qualified_table_name(report.tables[0].name)
    tells = " or ".join(
        f"{client.escape_column_name(name)} is not null" for name in report.personal
    )
    found: Days = {}
    _add_days(client, found, f"from {usage} where date < date '{first}' and ({tells})")
    return found


def all_days(client: Client, report: Report[Any]) -> Days:
    """All days that have rows."""
    usage = client.make_qualified_table_name(report.tables[0].name)
    found: Days = {}
    _add_days(client, found, f"from {usage}")
    return found


def remove_from_files(client: Client, name: str) -> None:
    """Remove a person from all versions of the files' tables."""
    files = client.make_qualified_table_name(INPUT_FILES.name)
    places = _places(client)  # an error would end the transaction
    with transaction_of_ddl(client):
        for place in places:
            counted = _versions(client, place, name)
            if counted:
                client.execute_sql(f"delete from {_rows(client, place, name)}")
            for version, count in counted:
                client.execute_sql(
                    f"update {files} set row_count = row_count - {count},"
                    f" content_hash = '' where name = '{place.kind}'"
                    f" and version = {version}"
                )
        client.execute_many(replacements(client, Changes(files=TABLES)))


def rename_in_files(client: Client, privacy: Privacy) -> None:
    """Give people pseudonyms in all versions of the files' tables."""
    files = client.make_qualified_table_name(INPUT_FILES.name)
    places = _places(client)
    with transaction_of_ddl(client):
        for place in places:
            path = client.make_qualified_table_name(place.table)
            column, where = place.column, place.where
            new = {
                name: privacy.stored_name(name)
                for name in _names(client, place)
                if privacy.stored_name(name) != name
            }
            _remove_namesakes(client, place, new)
            for some in batched(sorted(new), NAMES_AT_ONCE):
                cases = " ".join(
                    f"when {_text(client, name)} then {_text(client, new[name])}"
                    for name in some
                )
                client.execute_sql(
                    f"update {path} set {column} = case {column} {cases} end"
                    f" where {column} in ({literals(client, some)}) and {where}"
                )
        kinds = literals(client, sorted({place.kind for place in OF_FILES}))
        client.execute_sql(
            f"update {files} set content_hash = '' where name in ({kinds})"
        )
        client.execute_many(replacements(client, Changes(files=TABLES)))


def withhold_examples(
    client: Client, report: Report[Any], first: date | None = None
) -> None:
    """Remove examples of values beyond the contract: all, or those before a day."""
    if report.examples:
        path = client.make_qualified_table_name(report.examples.table)
        column = report.examples.column
        before = f" and date < date '{first}'" if first else ""
        client.execute_sql(
            f"update {path} set {column} = null where {column} is not null{before}"
        )


def withhold_texts(client: Client, report: Report[Any], judge: Judge) -> None:
    """Remove reasons of failed days and names of fields that name somebody."""
    places = [(DAY_FETCHES.name, "error")]
    if report.examples:
        places.append((report.examples.table, "name"))
    for table, column in places:
        path = client.make_qualified_table_name(table)
        found = client.execute_sql(
            f"select distinct {column} from {path} where {column} is not null"
        )
        for some in batched(
            [text for (text,) in found or () if judge(text)], NAMES_AT_ONCE
        ):
            named = f"where {column} in ({literals(client, some)})"
            days: Days = {}
            _add_days(client, days, f"from {path} {named}")
            marts = [
                statement
                for account, own in days.items()
                for statement in replacements(
                    client, Changes(account, fetched=frozenset(own))
                )
            ]
            update = f"update {path} set {column} = '{WITHHELD}' {named}"
            with transaction_of_ddl(client):
                client.execute_many([update, *marts])


def namesakes(client: Client, report: Report[Any], name: str) -> list[str]:
    """The folded names of the report and of the files that a name is a part of."""
    own = folded(name)
    sources = [(report.tables[0].name, column) for column in report.names]
    sources += [(place.table, place.column) for place in OF_FILES]
    found = set()
    for table, column in sources:
        path = client.make_qualified_table_name(table)
        with suppress(DatabaseUndefinedRelation):
            texts = client.execute_sql(f"select distinct {column} from {path}")
            found |= {folded(text) for (text,) in texts or () if text}
    return sorted(other for other in found if own in other and own != other)


def empty_staging(client: Client, report: Report[Any]) -> None:
    """Remove what dlt has left of the last load, as the next load would."""
    with client.with_staging_dataset():
        paths = [client.make_qualified_table_name(t.name) for t in report.tables]
    for path in paths:
        with suppress(DatabaseUndefinedRelation):
            client.execute_sql(f"delete from {path} where 1 = 1")


def _places(client: Client) -> list[Place]:
    """Those whose tables are there: an older dataset may lack one."""
    return [place for place in OF_FILES if is_there(client, place.table)]


def _names(client: Client, place: Place) -> list[str]:
    path = client.make_qualified_table_name(place.table)
    found = client.execute_sql(
        f"select distinct {place.column} from {path} where {place.where}"
    )
    return [name for (name,) in found or () if name]


def _rows(client: Client, place: Place, name: str) -> str:
    """The table, and the condition on its rows that name somebody, in any case."""
    path = client.make_qualified_table_name(place.table)
    own = [each for each in _names(client, place) if folded(each) == folded(name)]
    named = f"{place.column} in ({literals(client, own)})" if own else "1 = 0"
    return f"{path} where {named} and {place.where}"


def _versions(client: Client, place: Place, name: str) -> Sequence[Sequence[Any]]:
    """How many rows name somebody, by version of the file."""
    rows = _rows(client, place, name)
    counted = client.execute_sql(
        f"select version, count(*) from {rows} group by version"
    )
    return counted or ()


def _remove_namesakes(client: Client, place: Place, new: Mapping[str, str]) -> None:
    """Remove the owners of names that become the same: a day would have two owners.

    The next load derives their owner.
    """
    if place != OWNED:
        return
    times = Counter(new.values())
    shared = sorted(name for name, stored in new.items() if times[stored] > 1)
    path = client.make_qualified_table_name(place.table)
    for some in batched(shared, NAMES_AT_ONCE):
        names_of_some = literals(client, some)
        client.execute_sql(
            f"delete from {path} where {place.column} in ({names_of_some})"
        )


def _spellings(client: Client, report: Report[Any], name: str) -> list[str]:
    usage = client.make_qualified_table_name(report.tables[0].name)
    own = folded(name)
    found = {
        spelling
        for column in report.names
        for (spelling,) in client.execute_sql(f"select distinct {column} from {usage}")
        or ()
        if spelling and folded(spelling) == own
    }
    return sorted(found)


def _quoting(client: Client, report: Report[Any], name: str) -> list[str]:
    """The rows whose values beyond the contract name a person."""
    usage = client.make_qualified_table_name(report.tables[0].name)
    columns = dialect_of(client).text_columns(client)
    is_named = names(name)
    sources = []
    for table, column in columns:
        if table != report.tables[0].name or column not in report.personal:
            continue
        if column in report.names:
            continue
        found = client.execute_sql(
            f"select distinct {column} from {usage} where {column} is not null"
        )
        texts = [text for (text,) in found or () if is_named(text)]
        sources += [
            f"from {usage} where {column} in ({literals(client, some)})"
            for some in batched(texts, NAMES_AT_ONCE)
        ]
    return sources


def _in_marts(client: Client, spellings: Sequence[str]) -> Iterable[tuple[str, int]]:
    actors = {folded(name) for name in spellings} | {*spellings}
    for view in materialised():
        if "actor" in view.columns:
            path = client.make_qualified_table_name(table_name(view))
            where = f"actor in ({literals(client, sorted(actors))})"
            yield table_name(view), _count(client, f"{path} where {where}")


def _add_days(client: Client, days: Days, *sources: str) -> None:
    for source in sources:
        found = client.execute_sql(f"select distinct account, date {source}")
        for account, day in found or ():
            days.setdefault(account, set()).add(day)


def _count(client: Client, source: str) -> int:
    try:
        [(count,)] = client.execute_sql(f"select count(*) from {source}") or [(0,)]
    except DatabaseUndefinedRelation:
        return 0
    return int(count)


def _in(client: Client, columns: Iterable[str], values: Sequence[str]) -> str:
    told = literals(client, values)
    return " or ".join(f"{column} in ({told})" for column in columns)


def _text(client: Client, value: str) -> str:
    return str(client.capabilities.escape_literal(value))
