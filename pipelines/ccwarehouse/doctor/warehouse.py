"""The warehouse: can it be reached and written, and can the views be built?"""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from dlt.common.configuration.exceptions import ConfigurationException
from dlt.destinations.sql_client import SqlClientBase

from claude_code_analytics import CLAUDE_CODE

from ..exit_codes import ExitCode
from ..privacy import PrivacySettings, resolve_privacy
from ..problems import explain
from ..refusals import refusal
from ..warehouses import (
    VERSION_FACT,
    NothingLoadedError,
    OlderShapeError,
    PrivacyError,
    Warehouse,
    engine_of,
    open_warehouse,
)
from .finding import Finding, ok, problem, skipped
from .organisation import Whose, examine_all

SCRATCH = "_ccwarehouse_doctor"


def examine_warehouse(
    destination: str, database: Path, dataset: str, accounts: Sequence[Whose]
) -> Iterator[Finding]:
    """Write a table, remove it, build the views, and compare the organisations.

    Does not create a missing DuckDB file, but writes to its folder. Locks an existing
    file, so that no load runs at the same time.
    """
    engine = engine_of(destination, database)
    check = "warehouse"
    configured = _configured()  # before dlt reads settings of destinations only
    try:
        with open_warehouse(destination, database, dataset) as warehouse:
            if not engine.exists():
                engine.try_folder()
                text = "does not exist yet, and its folder can be written"
                yield ok(check, f"{engine.place} {text}")
                yield skipped("views", "nothing is loaded yet")
                yield _privacy(warehouse, configured)
                yield from _nothing_stored(accounts)
                return
            with warehouse.client() as client:
                write_and_remove(client)
            yield ok(check, f"{engine.place} can be written{_writer(warehouse)}")
            check = "views"
            try:
                yield _views(warehouse)
            except OlderShapeError as older:  # no fault: the next load changes its form
                yield skipped(check, str(older))
                yield skipped("privacy", "the dataset is an older one")
                yield from _nothing_stored(accounts)
                return
            yield _privacy(warehouse, configured)
            check = "organisation"
            stored = partial(warehouse.stored, CLAUDE_CODE)
            owners = warehouse.owners(CLAUDE_CODE)
            yield from list(examine_all(accounts, stored, owners))
    except Exception as error:
        explained = explain(error, engine.place)
        if explained is None:
            raise
        yield problem(check, explained.code, explained.line)
        if check == "warehouse":
            yield skipped("views", "the warehouse cannot be written")
        if check != "organisation":
            yield skipped("privacy", "the dataset cannot be read")
        if check != "organisation":
            yield from _nothing_stored(accounts)


def _nothing_stored(accounts: Sequence[Whose]) -> Iterator[Finding]:
    return examine_all(accounts, lambda _: {}, {})


def write_and_remove(client: SqlClientBase[Any]) -> None:
    """Create a table with a row and drop it; drop the dataset as well if it is new."""
    is_new = not client.has_dataset()
    table = client.make_qualified_table_name(SCRATCH)
    if is_new:
        client.create_dataset()
    try:
        client.execute_sql(f"create table if not exists {table} (id bigint)")
        client.execute_sql(f"insert into {table} values (1)")
    finally:
        client.execute_sql(f"drop table if exists {table}")
        if is_new:  # without cascade: tables of a load stay
            client.execute_sql(f"drop schema {client.fully_qualified_dataset_name()}")


def _configured() -> PrivacySettings | Finding:
    try:
        return resolve_privacy()
    except ConfigurationException as error:
        return problem("privacy", ExitCode.CONFIGURATION, refusal(error))


def _privacy(warehouse: Warehouse, configured: PrivacySettings | Finding) -> Finding:
    """Whether the secret, or its absence, is the dataset's."""
    if isinstance(configured, Finding):
        return configured
    check, secret = "privacy", configured.secret
    try:
        privacy = warehouse.privacy(secret, begins=False)
    except PrivacyError as error:
        return problem(check, ExitCode.CONFIGURATION, str(error))
    people = f"; days before {privacy.people_from} are sums"
    stores = f"a load stores {'pseudonyms' if secret else 'names'}"
    return ok(check, stores + (people if privacy.people_from else ""))


def _writer(warehouse: Warehouse) -> str:
    version = warehouse.facts().get(VERSION_FACT)
    return f"; ccwarehouse {version} wrote {warehouse.dataset}" if version else ""


def _views(warehouse: Warehouse) -> Finding:
    try:
        names = warehouse.build_views()
    except NothingLoadedError as nothing:
        return skipped("views", str(nothing))
    return ok("views", f"{len(names)} built in {warehouse.marts}")
