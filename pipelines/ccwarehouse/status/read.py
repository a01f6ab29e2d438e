"""Read the status of a warehouse, without changing anything."""

from datetime import datetime
from typing import Any

from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.destinations.sql_client import SqlClientBase

from whole_days.ledger_tables import DAY_FETCHES
from whole_days.report import Report, Settings

from ..load import Plan, Request, plan
from ..warehouses import NothingLoadedError, Warehouse
from .facts import Status, by_state

_LAST_RUN = """
    select max(loads.inserted_at)
    from {loads} as loads
    where loads.status = 0 and loads.load_id in (
        select _dlt_load_id from {table} where report = %s and account = %s
    )
"""


def read_status(
    warehouse: Warehouse,
    report: Report[Any],
    settings: Settings,
    now: datetime,
    max_age: int | None = None,
    *,
    or_empty: bool = False,
) -> Status:
    """The status of an account at `now` (UTC). Creates and changes nothing.

    Raises `NothingLoadedError` before its first load, unless it may be empty or
    `max_age` asks for the age of what is there, and dlt's errors if the warehouse
    cannot be reached.
    """
    stored = warehouse.stored(report, settings.account)
    chosen = plan(Request(), stored, now, settings)
    with warehouse.client() as client:
        if not (chosen.stored or or_empty) and max_age is None:
            raise NothingLoadedError(
                f"dataset {client.dataset_name} has no data of account"
                f" {settings.account} yet: load first (`ccwarehouse load`)"
            )
        return _status(client, report, settings, chosen, max_age)


def _status(
    client: SqlClientBase[Any],
    report: Report[Any],
    settings: Settings,
    chosen: Plan,
    max_age: int | None,
) -> Status:
    account = settings.account
    return Status(
        account=account,
        days=by_state(chosen.stored, chosen.calendar),
        rows={table: _count(client, table, account) for table in report.all_tables},
        last_run=_last_run(client, report.name, account),
        next_load=chosen,
        lookback=settings.lookback,
        max_age=max_age,
    )


def _last_run(client: SqlClientBase[Any], report: str, account: str) -> Any:  # noqa: ANN401 - as the engine has it
    try:
        return _value(client, _LAST_RUN, DAY_FETCHES.name, report, account)
    except DatabaseUndefinedRelation:
        return None


def _count(client: SqlClientBase[Any], table: str, account: str) -> int:
    query = "select count(*) from {table} where account = %s"
    try:
        return int(_value(client, query, table, account))
    except DatabaseUndefinedRelation:  # no load has written a row to it yet
        return 0


def _value(client: SqlClientBase[Any], query: str, table: str, *values: object) -> Any:  # noqa: ANN401 - a cell of any type
    table = client.make_qualified_table_name(table)
    loads = client.make_qualified_table_name("_dlt_loads")
    ((cell,),) = (
        client.execute_sql(query.format(table=table, loads=loads), *values) or ()
    )
    return cell
