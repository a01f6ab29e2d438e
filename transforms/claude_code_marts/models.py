"""The SQL files of this package: read, parsed and sorted.

A file defines one relation of the same name in DuckDB's dialect. It writes raw tables
as `claude_code.<table>`, so that it can be pasted into a DuckDB shell, and other models
without a dataset. The build order follows from these names.

A view's file begins with its grain, a line without text, and a line for each column:

    -- One row per account, date and tool: how proposals were met.
    --
    -- account: Account of the API key.

The rows of a view may be stored as a table. Its second line says so, and which rows a
load replaces: `-- materialised = day`, or another `Kind`.

Folders in `FURTHER` hold what stands on further reports, which few datasets have.

A check's file begins with its claim.
"""

import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import takewhile
from pathlib import PurePosixPath
from typing import Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError
from sqlglot.optimizer.scope import traverse_scope

RAW: Final = "claude_code"
PLACE: Final = "relation__"  # and a number: where a relation was in a parsed query
FURTHER: Final = ("anthropic_directory", "anthropic_usage_and_cost", "bill")

GRAIN: Final = re.compile(r"One row per (\w+(?:, \w+)*(?: and \w+)?)[:.]")
MATERIALISED: Final = re.compile(r"-- materialised = (\w+)")
COLUMN: Final = re.compile(r"-- (\w+): (.+)")

GRAIN_CHECK: Final = """\
-- Claim: {view} has one row per {columns}.
with

doubled as (

    select
        {columns},
        count(*) as copies

    from {view}
    group by {columns}
    having count(*) > 1

)

select * from doubled
"""


class ModelError(ValueError):
    """An SQL file breaks the rules above; the message names the file."""


class Kind(StrEnum):
    """Which rows of a stored view follow from the days that a load has changed.

    day: those of these days alone.
    month: those of their months alone.
    onward: those since the first of them; each follows from its day, from the 28 days
    before it, and from what has no date.
    whole: all.
    """

    DAY = "day"
    MONTH = "month"
    ONWARD = "onward"
    WHOLE = "whole"


@dataclass(frozen=True)
class Model:
    """One SQL file: a view, or a check that returns the rows that break its claim.

    `path` is relative to this package: `marts/cost/user_cost_daily.sql`.
    """

    path: str
    sql: str

    @property
    def name(self) -> str:
        """The name of the relation."""
        return PurePosixPath(self.path).stem

    @property
    def layer(self) -> str:
        """staging, parts, marts or checks."""
        return PurePosixPath(self.path).parts[0]

    @property
    def is_further(self) -> bool:
        """Whether it stands on tables of further reports."""
        return PurePosixPath(self.path).parts[1] in FURTHER

    @property
    def description(self) -> str:
        """The file's first line: a view's grain, or a check's claim."""
        return self.sql.partition("\n")[0].removeprefix("-- ")

    @property
    def grain(self) -> tuple[str, ...]:
        """The columns whose values identify a row of the view."""
        found = GRAIN.match(self.description)
        if not found:
            raise ModelError(f'{self.path}: the first line is not "-- One row per ..."')
        return tuple(re.split(", | and ", found[1]))

    @property
    def columns(self) -> dict[str, str]:
        """What each column of the view means and its unit, in the view's order."""
        described: dict[str, str] = {}
        head = takewhile(lambda line: line.startswith("--"), self.sql.splitlines()[1:])
        for line in head:
            if line == "--" or MATERIALISED.fullmatch(line):
                continue
            found = COLUMN.fullmatch(line)
            if not found or found[1] in described:
                raise ModelError(
                    f'{self.path}: "{line}" does not describe a new column'
                )
            described[found[1]] = found[2]
        return described

    @property
    def kind(self) -> Kind | None:
        """Which of its stored rows a load replaces; None if none are stored."""
        found = MATERIALISED.fullmatch(self.sql.splitlines()[1])
        if not found:
            return None
        if found[1] not in [*Kind]:
            raise ModelError(
                f"{self.path}: materialised is {', '.join(Kind)}, not {found[1]}"
            )
        return Kind(found[1])

    @property
    def reads(self) -> set[str]:
        """The relations that the file reads, spelled as in the file."""
        return {*parsed(self)[1]}


def models(*, further: bool = False) -> list[Model]:
    """The views of every dataset, each after those that it reads.

    With `further` also those that stand on further reports.
    """
    return list(_in_order(further=further))


@cache
def view_files(*, further: bool = False) -> tuple[Model, ...]:
    """The views by path, not in their order: none is parsed, which takes time."""
    views = (*_read("staging"), *_read("parts"), *_read("marts"))
    return tuple(view for view in views if further or not view.is_further)


@cache
def materialised() -> tuple[Model, ...]:
    """The views that are stored, each after those that it reads."""
    known = _known()
    stored = sorted(view.name for view in view_files() if view.kind)
    graph = {name: lineage(known[name]).intersection(stored) for name in stored}
    return tuple(known[name] for name in TopologicalSorter(graph).static_order())


def checks(*, further: bool = False) -> list[Model]:
    """The checks in files of these views, then a check of each view's grain."""
    return list(_checks(further=further))


def grain_check(view: Model) -> Model:
    """Checks the grain in a view's first line; nulls count as equal."""
    columns = ", ".join(map(quoted, view.grain))
    sql = GRAIN_CHECK.format(view=view.name, columns=columns)
    return Model(f"checks/{view.name}_has_its_grain.sql", sql)


def in_build_order(given: Iterable[Model]) -> list[Model]:
    """The models, each after those that it reads, otherwise by name."""
    by_name: dict[str, Model] = {}
    for model in given:
        namesake = by_name.setdefault(model.name, model)
        if namesake is not model:
            raise ModelError(f"{namesake.path} and {model.path} have the same name")
    graph = {
        name: sorted(_models_read(by_name[name], known=by_name))
        for name in sorted(by_name)
    }
    try:
        return [by_name[name] for name in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        raise ModelError(
            f"models read each other: {' <- '.join(error.args[1])}"
        ) from None


def quoted(column: str) -> str:
    """The name in SQL: Postgres would fold capitals that stand without quotes."""
    return column if column.islower() else f'"{column}"'


def view_named(name: str) -> Model:
    """The view with this name."""
    return _known()[name]


@cache
def lineage(model: Model) -> frozenset[str]:
    """The names of all models that a model stands on."""
    known = _known()
    names = {name for name in parsed(model)[1] if not raw_table(name)}
    return frozenset(names.union(*(lineage(known[name]) for name in names)))


@cache
def tables_of(model: Model) -> frozenset[str]:
    """The names of the raw tables that a model's rows follow from."""
    known = _known()
    models = (model, *(known[name] for name in lineage(model)))
    return frozenset(
        table
        for model in models
        for name in parsed(model)[1]
        if (table := raw_table(name))
    )


def definition(model: Model) -> str:
    """The SQL of a model and of all models it stands on: what its rows follow from."""
    known = _known()
    sources = (known[name].sql for name in sorted(lineage(model)))
    return "\n".join([model.sql, *sources])


@cache
def _known() -> dict[str, Model]:
    """All views by name, to be read only; also those that stand on further reports."""
    return {view.name: view for view in view_files(further=True)}


@cache
def _in_order(*, further: bool) -> tuple[Model, ...]:
    return tuple(in_build_order(view_files(further=further)))


@cache
def _checks(*, further: bool) -> tuple[Model, ...]:
    files = (check for check in _read("checks") if further or not check.is_further)
    return (*files, *(grain_check(view) for view in models(further=further)))


def _read(layer: str) -> list[Model]:
    """The files of a layer and its folders, sorted by path."""
    found = _files(files(__package__) / layer, layer)
    return [Model(path, file.read_text(encoding="utf-8")) for path, file in found]


def _files(folder: Traversable, path: str) -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        inner = f"{path}/{entry.name}"
        if entry.is_dir():
            yield from _files(entry, inner)
        elif entry.name.endswith(".sql"):
            yield inner, entry


def _models_read(model: Model, known: Container[str]) -> Iterator[str]:
    for name in parsed(model)[1]:
        if raw_table(name):
            continue
        if name not in known:
            raise ModelError(
                f"{model.path} reads {name}, which is"
                f" neither a model nor a table of {RAW}"
            )
        yield name


@cache
def parsed(model: Model) -> tuple[exp.Query, tuple[str, ...]]:
    """The query with places for its relations, and their names as in the file.

    The place of the first one is the table `relation__0`. The tree is shared: copy it
    before changing it.
    """
    try:
        query = sqlglot.parse_one(model.sql, read="duckdb")
    except ParseError as error:
        raise ModelError(f"{model.path}: {error}") from error
    if not isinstance(query, exp.Query):
        raise ModelError(f"{model.path} is not a query")
    names = []
    for number, table in enumerate(_relations(query)):
        names.append(".".join(part.name for part in table.parts))
        place = exp.to_table(f"{PLACE}{number}")
        table.replace(place.as_(table.alias, copy=False) if table.alias else place)
    return query, tuple(names)


def _relations(query: exp.Query) -> list[exp.Table]:
    """All tables of the query that are not its own CTEs."""
    return [
        source
        for scope in traverse_scope(query)
        for source in scope.sources.values()
        if isinstance(source, exp.Table)
    ]


def raw_table(relation: str) -> str | None:
    """The name of a raw table, without its dataset; None for a model."""
    dataset, _, table = relation.rpartition(".")
    return table if dataset == RAW else None
