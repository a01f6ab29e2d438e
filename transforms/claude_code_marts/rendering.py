"""A model's query in a dialect: written once, its relations filled in as text."""

import re
from collections.abc import Callable
from functools import cache
from typing import Final

import sqlglot
from sqlglot import exp

from .models import PLACE, RAW, Model, parsed, raw_table, view_named

FILLED_IN: Final = re.compile(rf"\b{PLACE}(\d+)( AS )?")

# What a query reads: its text in place of a relation, given the relation's name.
Source = Callable[[str], str]


@cache
def render(
    model: Model,
    dialect: str = "duckdb",
    raw: str = RAW,
    marts: str = f"{RAW}_marts",
    absent: tuple[tuple[str, str], ...] = (),
) -> str:
    """The model's query in a dialect, with every relation fully qualified.

    `raw` and `marts` are dataset names in the dialect's spelling: quoted if the dialect
    needs quotes, and with the project or catalog if there is one. `absent` are names of
    raw tables, each with a query of Postgres to read in its place.
    """
    without_rows = dict(absent)

    def source(name: str) -> str:
        table = raw_table(name)
        if table in without_rows:
            none = sqlglot.parse_one(without_rows[table], read="postgres")
            return f"({_written(none, dialect)})"
        return f"{raw}.{table}" if table else f"{marts}.{name}"

    return _filled_in(model, dialect, source)


@cache
def render_flat(
    model: Model,
    dialect: str,
    raw: str,
    instead: tuple[Model, ...] = (),
    parts: tuple[tuple[str, str], ...] = (),
) -> str:
    """The query over raw tables alone, in a dialect: it needs no view.

    The models in `instead` take the place of those of their names. `parts` are names of
    raw tables, each with a query to read in its place, which is the same in all
    dialects. `{table}` stands for the table in it.
    """
    others = {view.name: view for view in instead}
    read_in_parts = dict(parts)

    @cache
    def source(name: str) -> str:
        table = raw_table(name)
        if table:
            query = read_in_parts.get(table)
            path = f"{raw}.{table}"
            return f"({query.format(table=path)})" if query else path
        other = others.get(name) or view_named(name)
        return f"({_filled_in(other, dialect, source)})"

    return _filled_in(model, dialect, source)


def _filled_in(model: Model, dialect: str, source: Source) -> str:
    """The query with a text in place of each relation; a subquery gets its name."""
    _, relations = parsed(model)

    def text(found: re.Match[str]) -> str:
        name = relations[int(found[1])]
        text = source(name)
        if found[2] or not text.startswith("("):
            return text + (found[2] or "")
        return f"{text} AS {raw_table(name) or name}"

    return FILLED_IN.sub(text, _with_places(model, dialect))


@cache
def _with_places(model: Model, dialect: str) -> str:
    query, _ = parsed(model)
    return _written(query.copy(), dialect)


def _written(query: exp.Expr, dialect: str) -> str:
    """A query of ours, which is changed, in a dialect."""
    if dialect == "bigquery":
        _widen_decimals(query)
    if dialect == "postgres":
        _round_halves_up(query)
    return query.sql(dialect=dialect, pretty=True, comments=False, copy=False)


def _widen_decimals(query: exp.Expr) -> None:
    """Use BIGNUMERIC: sqlglot writes NUMERIC, which would cut off decimal places."""
    for kind in list(query.find_all(exp.DataType)):
        if kind.is_type(exp.DType.DECIMAL):
            kind.replace(exp.DataType.build("bigdecimal"))


def _round_halves_up(query: exp.Expr) -> None:
    """Round halves away from zero: Postgres rounds doubles to even numbers."""
    for rounded in list(query.find_all(exp.Round)):
        if rounded.args.get("decimals") is None:
            number = exp.paren(rounded.this)
            half = exp.func("sign", number.copy()) * 0.5
            rounded.replace(exp.func("trunc", number + half, dialect="postgres"))
