"""The facts of a warehouse, read without changing anything."""

from datetime import datetime
from typing import Any

from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.destinations.sql_client import SqlClientBase

from claude_code_analytics import UsageSettings
from claude_code_analytics.contract import TABLES

from ..destinations import Warehouse
from ..load import Plan, Request, plan
from ..views import NothingLoadedError
from .facts import Status, by_state, completed

_LAST_RUN = """
    select max(loads.inserted_at)
    from {loads} as loads
    where loads.status = 0 and loads.load_id in (
        select _dlt_load_id from {day_fetches} where account = %s
    )
"""

_FETCHED_AT = """
    select max(fetches.fetched_at)
    from {day_fetches} as fetches
    join {loads} as loads on loads.load_id = fetches._dlt_load_id
    where loads.status = 0 and fetches.status = 'complete'
        and fetches.account = %s and fetches.date = %s
"""


def read_status(warehouse: Warehouse, settings: UsageSettings, now: datetime) -> Status:
    """How the warehouse stands at `now` (UTC). Makes and changes nothing.

    Raises `NothingLoadedError` before the first load, and dlt's errors of a warehouse
    that cannot be reached.
    """
    chosen = plan(Request(), warehouse.stored(settings.account), now, settings)
    with warehouse.client() as client:
        if not chosen.stored:
            raise NothingLoadedError(
                f"dataset {client.dataset_name} holds nothing of account"
                f" {settings.account} yet: load first (`ccwarehouse load`)"
            )
        return _status(client, settings.account, chosen)


def _status(client: SqlClientBase[Any], account: str, chosen: Plan) -> Status:
    newest = completed(chosen.stored)[-1:]
    return Status(
        account=account,
        days=by_state(chosen.stored, chosen.calendar),
        rows={table: _count(client, table, account) for table in TABLES},
        last_run=_value(client, _LAST_RUN, account),
        newest_fetched_at=_value(client, _FETCHED_AT, account, *newest)
        if newest
        else None,
        next_load=chosen,
    )


def _count(client: SqlClientBase[Any], table: str, account: str) -> int:
    query = f"select count(*) from {{{table}}} where account = %s"
    try:
        return int(_value(client, query, account))
    except DatabaseUndefinedRelation:  # no load had a row for it yet
        return 0


def _value(client: SqlClientBase[Any], query: str, *values: object) -> Any:  # noqa: ANN401 - a cell of any type
    tables = {name: client.make_qualified_table_name(name) for name in TABLES}
    loads = client.make_qualified_table_name("_dlt_loads")
    ((cell,),) = client.execute_sql(query.format(**tables, loads=loads), *values) or ()
    return cell
