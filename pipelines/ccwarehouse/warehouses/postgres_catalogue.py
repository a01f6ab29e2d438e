"""Queries on Postgres's catalogue: relations, readers of a view, holders of a lock."""

from collections.abc import Sequence
from typing import Final

from .other import Client

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

# In the catalogue, the rule of a view depends on what the view reads. Other objects (a
# function that returns a view's rows) depend on the view or on its row type.
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

LOCK = """
    select
        pg_try_advisory_lock(hashtext(%s)),
        (
            select
                concat_ws(
                    ' ', 'user', usename, 'from', coalesce(client_addr::text, 'here'),
                    'since', date_trunc('second', backend_start), 'process', pid
                )
            from pg_stat_activity
            join pg_locks using (pid)
            where locktype = 'advisory' and classid = 0 and granted
                and objid = hashtext(%s)::bit(32)::bigint::oid
            limit 1
        )
"""


def no_views(client: Client, dataset: str) -> list[tuple[str, str]]:
    """The relations of a dataset that are not views: name and kind."""
    found = client.execute_sql(NO_VIEWS, dataset) or ()
    return [(name, KINDS.get(kind, "no view")) for name, kind in found]


def dependants(
    client: Client, dataset: str, views: Sequence[str]
) -> list[tuple[str, str]]:
    """Other people's objects that read these views: their names, and the views."""
    found = client.execute_sql(DEPENDANTS, dataset, list(views)) or ()
    return [(name, view) for name, view in found]


def try_lock(client: Client, name: str) -> str | None:
    """Take a lock until the connection ends; returns the holder if it is taken."""
    ((is_taken, holder),) = client.execute_sql(LOCK, name, name) or ()
    return None if is_taken else str(holder)
