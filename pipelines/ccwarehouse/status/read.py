"""The facts of a warehouse, read without changing anything."""

from datetime import datetime
from typing import Any

from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.destinations.sql_client import SqlClientBase

from claude_code_analytics import UsageSettings
from claude_code_analytics.contract import TABLES

from ..load import Plan, Request, plan
from ..warehouses import NothingLoadedError, Warehouse
from .facts import Status, by_state

_LAST_RUN = """
    select max(loads.inserted_at)
    from {loads} as loads
    where loads.status = 0 and loads.load_id in (
        select _dlt_load_id from {day_fetches} where account = %s
    )
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
        return _status(client, settings, chosen)


def _status(
    client: SqlClientBase[Any], settings: UsageSettings, chosen: Plan
) -> Status:
    account = settings.account
    return Status(
        account=account,
        days=by_state(chosen.stored, chosen.calendar),
        rows={table: _count(client, table, account) for table in TABLES},
        last_run=_value(client, _LAST_RUN, account),
        next_load=chosen,
        lookback=settings.lookback,
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
