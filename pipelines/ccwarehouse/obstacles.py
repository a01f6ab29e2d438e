"""What stands in the way of a view: something under its name, or views of others on it.

Neither is ours, so neither is ever dropped: a person is told of it.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from dlt.destinations.sql_client import SqlClientBase

Client = SqlClientBase[Any]

# Both have Postgres's catalogue.
KNOWN: Final = ("duckdb", "postgres")

KINDS: Final = {
    "r": "a table",
    "p": "a table",
    "f": "a foreign table",
    "m": "a materialized view",
    "S": "a sequence",
}

NO_VIEWS = """
    select relname, relkind
    from pg_catalog.pg_class
    join pg_catalog.pg_namespace on pg_namespace.oid = relnamespace
    where nspname = %s and relkind <> 'v'
    order by relname
"""

# A view depends on what its rule reads. What else may depend on a view (a function that
# returns its rows) depends on the view itself or on its row type.
DEPENDANTS = """
    with ours as (
        select pg_class.oid, relname, reltype
        from pg_class
        join pg_namespace on pg_namespace.oid = relnamespace
        where nspname = %s and relname = any(%s)
    )

    select distinct
        coalesce(
            reader_schema.nspname || '.' || reader.relname,
            pg_describe_object(classid, objid, 0)
        ),
        ours.relname
    from ours
    join pg_depend on deptype = 'n' and (
        (refclassid = 'pg_class'::regclass and refobjid = ours.oid)
        or (refclassid = 'pg_type'::regclass and refobjid = ours.reltype)
    )
    left join pg_rewrite
        on classid = 'pg_rewrite'::regclass and pg_rewrite.oid = objid
    left join pg_class as reader on reader.oid = ev_class
    left join pg_namespace as reader_schema on reader_schema.oid = reader.relnamespace
    where reader.oid is null or reader.oid not in (select oid from ours)
    order by 1, 2
"""


class ObstacleError(RuntimeError):
    """Someone else's relation keeps a view from being made; the message names it."""


def require_no_namesake(client: Client, dataset: str, views: Iterable[str]) -> None:
    """Raise `ObstacleError` where a table, say, has the name of a view."""
    if client.capabilities.sqlglot_dialect not in KNOWN:
        return
    wanted = set(views)
    for name, kind in client.execute_sql(NO_VIEWS, dataset) or ():
        if name in wanted:
            raise ObstacleError(
                f"The data is in, but {dataset}.{name} is {KINDS.get(kind, 'no view')} "
                "that someone else made, where a view belongs. Rename or drop it, "
                "then run ccwarehouse transform with the same options."
            )


def require_no_dependants(client: Client, dataset: str, views: Sequence[str]) -> None:
    """Raise `ObstacleError` where something of others reads views that have to go."""
    if client.capabilities.sqlglot_dialect != "postgres":
        return
    found = client.execute_sql(DEPENDANTS, dataset, list(views)) or ()
    if found:
        names = sorted({name for name, _ in found})
        reading = "; ".join(f"{name} reads {dataset}.{view}" for name, view in found)
        raise ObstacleError(
            "The data is in, but views whose columns changed cannot be renewed: "
            f"{reading}. Drop or change {', '.join(names)}, then run "
            "ccwarehouse transform with the same options."
        )
