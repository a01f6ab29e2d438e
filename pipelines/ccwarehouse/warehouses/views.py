"""The views in the warehouse: built in their order, and checked on request."""

from collections.abc import Collection, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from dlt.destinations.exceptions import (
    DatabaseTerminalException,
    DatabaseUndefinedRelation,
)

from claude_code_marts import Model, checks, models, render

from ..reports import RECORDS
from .absent import absent_tables, has_further
from .engines import dialect_of
from .errors import NothingLoadedError
from .materialised import drop_old_tables
from .names import marts_name
from .obstacles import require_no_dependants, require_no_namesake
from .old_views import note_views, noted_views, old_views
from .other import Client
from .statements import is_there, make_dataset, transaction_of_ddl
from .stored_names import as_stored
from .stored_queries import stored_checks

ROWS_SHOWN: Final = 20

Absent: TypeAlias = tuple[tuple[str, str], ...]  # as `absent_tables` has them


@dataclass(frozen=True)
class Failure:
    """A failed check: its first rows, and how many there are."""

    check: str
    claim: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    count: int


def build(
    client: Client, *, loaded: Collection[str] = (), stores_marts: bool = False
) -> list[str]:
    """Create or replace all views over the client's dataset; returns their names.

    `loaded` are the dlt schemas with a committed load: views of further reports are
    built if one of these is there. With `stores_marts` the views of materialised marts
    read tables, which must exist.

    A view is replaced in place, which keeps its grants and the views that others have
    built on it. The warehouse may refuse this if a column was removed or changed its
    type. Then this view, and our views that read it, are dropped and created in one
    transaction, where the warehouse has transactions for DDL. So a reader sees either
    the old or the new version of each view, never none.

    A view of ours that no model has any more is dropped. Someone else's never is.

    Raises `ObstacleError` if someone else's relation has a view's name, or reads a view
    that has to be dropped.
    """
    views = models(further=has_further(loaded))
    if stores_marts:
        views = [as_stored(view) for view in views]
    absent = absent_tables(loaded)
    names, noted = [view.name for view in views], noted_views(client)
    ours = [*noted, *(name for name in names if name not in noted)]
    try:
        note_views(client, ours)
        refused = _replace(client, views, absent)
    except DatabaseUndefinedRelation as error:
        _require_no_namesake(client, views)  # DuckDB's error if a table has the name
        raise _nothing_loaded(client) from error
    old = old_views(client, noted)
    if refused or old:
        _require_no_namesake(client, refused)
        dropped = {*old, *(view.name for view in refused)}
        _make_anew(client, [name for name in ours if name in dropped], refused, absent)
    if stores_marts:
        drop_old_tables(client)
    note_views(client, names)
    return names


def require_usage(client: Client) -> None:
    """Raise `NothingLoadedError` before the first load: no view could be built."""
    if not is_there(client, RECORDS):
        raise _nothing_loaded(client)


def check(
    client: Client, *, loaded: Collection[str] = (), stores_marts: bool = False
) -> list[Failure]:
    """The failed checks of the stored data and of the stored marts; `loaded` as above.

    Raises `NothingLoadedError` before the views are built.
    """
    try:
        further = has_further(loaded)
        stored = stored_checks() if stores_marts else ()
        claims = [*checks(further=further), *stored]
        results = [_failure(client, claim) for claim in claims]
    except DatabaseUndefinedRelation as error:
        raise NothingLoadedError(
            f"dataset {_marts(client)} lacks views:"
            " build them first (`ccwarehouse transform`)"
        ) from error
    return [failure for failure in results if failure]


def _nothing_loaded(client: Client) -> NothingLoadedError:
    dataset = client.dataset_name
    return NothingLoadedError(
        f"dataset {dataset} holds no usage yet: load first (`ccwarehouse load`)"
    )


def creation(client: Client, view: Model, absent: Absent = ()) -> list[str]:
    """The statements that create or replace a view and describe it."""
    path, query = _path(client, view.name), _query(client, view, absent)
    return dialect_of(client).view(client, path, query, view)


def _replace(client: Client, views: Sequence[Model], absent: Absent) -> list[Model]:
    """Replace views; returns those the warehouse refused, and those that read them.

    One transaction for all views is possible only where none is ever refused, as in
    DuckDB. In Postgres it could deadlock: it would lock inner views and wait for outer
    ones, while readers of the outer views wait for the inner ones.
    """
    refused: list[Model] = []
    at_once = dialect_of(client).replaces_views_at_once
    with client.begin_transaction() if at_once else nullcontext():
        _create_dataset(client)
        for view in views:
            if _reads_any(view, refused):
                refused.append(view)
                continue
            try:
                _create(client, view, absent)
            except DatabaseTerminalException:
                if at_once:
                    raise
                refused.append(view)
    return refused


def _make_anew(
    client: Client, names: Sequence[str], views: Sequence[Model], absent: Absent
) -> None:
    """Drop views and create some, in one transaction where DDL has transactions."""
    require_no_dependants(client, _marts(client), names)
    with transaction_of_ddl(client):
        for name in names[::-1]:  # outer views first: readers lock in this order
            client.execute_sql(f"drop view if exists {_path(client, name)}")
        for view in views:
            _create(client, view, absent)


def _reads_any(view: Model, others: Sequence[Model]) -> bool:
    return any(other.name in view.reads for other in others)


def _require_no_namesake(client: Client, views: Sequence[Model]) -> None:
    require_no_namesake(client, _marts(client), (view.name for view in views))


def _marts(client: Client) -> str:
    return marts_name(client.dataset_name)


def _create(client: Client, view: Model, absent: Absent) -> None:
    client.execute_many(creation(client, view, absent))  # in one call, where possible


def _create_dataset(client: Client) -> None:
    with client.with_alternative_dataset_name(_marts(client)):
        make_dataset(client)


def _query(client: Client, model: Model, absent: Absent = ()) -> str:
    raw = client.fully_qualified_dataset_name()
    with client.with_alternative_dataset_name(_marts(client)):
        marts = client.fully_qualified_dataset_name()
    dialect = str(client.capabilities.sqlglot_dialect)
    return render(model, dialect=dialect, raw=raw, marts=marts, absent=absent)


def _path(client: Client, view: str) -> str:
    with client.with_alternative_dataset_name(_marts(client)):
        return client.make_qualified_table_name(view)


def _failure(client: Client, claim: Model) -> Failure | None:
    with client.execute_query(_query(client, claim)) as cursor:
        columns = tuple(column[0] for column in cursor.description)
        shown = tuple(tuple(row) for row in cursor.fetchmany(ROWS_SHOWN))
        unseen = sum(len(batch) for batch in cursor.iter_fetch(10_000))
    if not shown:
        return None
    count = len(shown) + unseen
    return Failure(claim.name, claim.description, columns, shown, count)
