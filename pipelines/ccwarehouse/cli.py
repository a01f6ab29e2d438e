"""The command line: arguments become calls, errors become exit codes.

Only this module, `output`, `options`, the demo and `words.progress` know the terminal
(tests/test_architecture.py checks this).

Modules that need dlt or rich are imported inside functions, because dlt takes a second
to import: `--help` and usage errors answer at once.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .end import End
from .environment import prepare
from .exit_codes import ExitCode, as_help
from .gc_freeze import frozen_imports
from .options import (
    Format,
    IsoDate,
    IsoMonth,
    NewOrOldFile,
    account_option,
    json_option,
    log_format_option,
    wait_option,
    warehouse_options,
)
from .output import PACKAGE, Commands, EndedError, Output

if TYPE_CHECKING:
    from claude_code_analytics import UsageSettings
    from claude_code_analytics.preflight import Preflight
    from claude_code_marts import Model
    from whole_days.contact import Contact

    from .accounts import AccountLoad
    from .export.formats import Writer
    from .inputs import InputFile
    from .load import Request
    from .warehouses import Patience, Warehouse
    from .warehouses.other import Engine
    from .words.progress import Silence

HELP = {"max_content_width": 88, "help_option_names": ["-h", "--help"]}


@click.group(cls=Commands, epilog=as_help(), context_settings=HELP)
@click.version_option(package_name=PACKAGE)
def main() -> None:
    """Claude Code usage in your warehouse, exact to the day."""
    prepare(os.environ)
    # BigQuery's client recommends a faster way to read, which is not needed here
    warnings.filterwarnings("ignore", "Cannot create BigQuery Storage client")


@main.command(epilog=as_help())
@click.option("--start", type=IsoDate(), help="First UTC day of a backfill.")
@click.option("--end", type=IsoDate(), help="Last UTC day of a backfill, included.")
@click.option(
    "--lookback",
    type=click.IntRange(0),
    help="Complete days to fetch again, 3 unless set.",
)
@click.option("--include-today", is_flag=True, help="Load today as well.")
@click.option(
    "--replace-organisation",
    is_flag=True,
    help="Replace the stored days, all unless dated, by another organisation's.",
)
@click.option(
    "--concurrency", type=click.IntRange(1), help="Days in flight, 4 unless set."
)
@click.option("--dry-run", is_flag=True, help="Say which days and why; load nothing.")
@click.option(
    "--teams", type=click.Path(path_type=Path), help="CSV file: who is in which team."
)
@click.option(
    "--budgets", type=click.Path(path_type=Path), help="CSV file: what may be spent."
)
@click.option(
    "--min-group-size",
    type=click.IntRange(1, 1_000_000),
    help="Active people a team needs to be shown by itself, 1 unless set.",
)
@click.option("--quiet", is_flag=True, help="Say only what needs attention.")
@click.option(
    "--publish",
    type=NewOrOldFile(dir_okay=False, path_type=Path),
    help="Afterwards copy the DuckDB file to this file, for readers.",
)
@click.option(
    "--report",
    "page",
    type=NewOrOldFile(dir_okay=False, path_type=Path),
    help="Write the page of the month here afterwards.",
)
@click.option(
    "--metrics",
    type=NewOrOldFile(dir_okay=False, path_type=Path),
    help="At the end write Prometheus metrics to this file, also when the load fails.",
)
@account_option
@log_format_option
@wait_option
@json_option
@warehouse_options
@click.pass_obj
def load(
    output: Output,
    start: date | None,
    end: date | None,
    lookback: int | None,
    include_today: bool,
    replace_organisation: bool,
    concurrency: int | None,
    dry_run: bool,
    teams: Path | None,
    budgets: Path | None,
    min_group_size: int | None,
    quiet: bool,
    publish: Path | None,
    page: Path | None,
    metrics: Path | None,
    account: str | None,
    wait: int,
    destination: str,
    database: Path,
    dataset: str,
) -> End:
    """Load the days that the warehouse lacks, or the given days.

    Without dates this is the nightly load. It fetches every day that is missing, failed
    or provisional, and the last few days again, because the API may restate them. With
    dates it is a backfill of exactly these days. Files of teams and budgets are loaded
    as well. Needs an Admin API key in ANTHROPIC_ADMIN_KEY. Several accounts are loaded
    one after another.
    """
    _require_range(start, end, datetime.now(UTC).date())
    with frozen_imports():
        from claude_code_analytics import CLAUDE_CODE, resolve_accounts

        from .accounts import begin
        from .load import Request
        from .metrics import write_metrics
        from .run import Runs
        from .warehouses import engine_of
        from .words.accounts import end_of_loads

    engine = engine_of(destination, database)
    with _errors_explained(destination):
        engine.stored_name(dataset)
    _require_targets(engine, dataset, publish, page, metrics)
    runs = Runs(CLAUDE_CODE.name)
    if metrics and not dry_run:
        output.watchers.append(partial(write_metrics, metrics, runs, output.remark))
    request = Request(start, end, include_today, replace_organisation)
    with _errors_explained("The configuration"):
        settings = resolve_accounts(account, lookback=lookback, concurrency=concurrency)
        accounts = begin(settings, runs)
        output.name(runs.account, runs.report, quiet=quiet)
        files = _files(teams, budgets, min_group_size)
        if not dry_run:
            _ask(output, accounts, quiet=quiet)
    if all(each.problem for each in accounts):
        _remark(output, accounts)
        return end_of_loads(accounts, engine.place, quiet=quiet)
    access = {"read_only": True} if dry_run else {"sole_writer": True}
    with _warehouse(
        output, destination, database, dataset, wait, **access
    ) as warehouse:
        if dry_run:
            return _dry_run(warehouse, request, accounts, files)
        _load(output, warehouse, request, accounts, files, quiet=quiet)
        _remark(output, accounts)
        if page:
            _write_page(output, warehouse, runs.account, page, quiet=quiet)
    if publish:
        _publish(output, engine, publish, wait, quiet=quiet)
    return end_of_loads(accounts, warehouse.location, quiet=quiet)


@main.command(epilog=as_help())
@click.option("--check", is_flag=True, help="Also run the checks of the data.")
@click.option("--full", is_flag=True, help="Also refill the stored marts.")
@wait_option
@json_option
@warehouse_options
@click.pass_obj
def transform(
    output: Output,
    check: bool,
    full: bool,
    wait: int,
    destination: str,
    database: Path,
    dataset: str,
) -> End:
    """Rebuild the views over the loaded data."""
    with frozen_imports():
        from .words.checks import end_of_transform, failure_as_lines

    with _warehouse(output, destination, database, dataset, wait) as warehouse:
        names = warehouse.build_views(everything=full)
        failures = warehouse.check_views() if check else None
    for failure in failures or []:
        for line in failure_as_lines(failure):
            output.remark(line)
    return end_of_transform(names, failures, warehouse.marts)


@main.command(epilog=as_help())
@click.option(
    "--max-age",
    type=click.IntRange(1),
    metavar="HOURS",
    help="Also end with 4 when the newest final day ended more hours ago.",
)
@account_option
@json_option
@warehouse_options
@click.pass_obj
def status(
    output: Output,
    max_age: int | None,
    account: str | None,
    destination: str,
    database: Path,
    dataset: str,
) -> End:
    """Say what is stored, what is missing and what the next load would do.

    Ends with 4 when a day failed, is not whole or was never fetched, or when the newest
    final day is older than --max-age, otherwise with 0. Provisional days are not
    missing: the next load fetches them again. A stored day that could not be fetched
    again is not missing either, if it is within the lookback and was fetched in the
    last 48 hours. Needs no key.
    """
    with frozen_imports():
        from claude_code_analytics import CLAUDE_CODE, resolve_accounts
        from whole_days.clock import utc_now

        from .status import read_statuses
        from .words.status import all_remarks, end_of_status

    with _errors_explained("The configuration"):
        configured = resolve_accounts()
    with _warehouse(
        output, destination, database, dataset, read_only=True
    ) as warehouse:
        found = read_statuses(
            warehouse, CLAUDE_CODE, configured, utc_now(), account, max_age
        )
    for remark in all_remarks(found):
        output.remark(remark)
    return end_of_status(found, warehouse.location)


@main.command(epilog=as_help())
@click.option(
    "--month", type=IsoMonth(), help="The UTC month; unset, the newest one loaded."
)
@json_option
@warehouse_options
@click.pass_obj
def budgets(
    output: Output,
    month: date | None,
    destination: str,
    database: Path,
    dataset: str,
) -> End:
    """Say how far the budgets of a month are spent.

    Ends with 6 when one is over. Money is the API's estimate of the cost. Needs no key.
    """
    with frozen_imports():
        from .budgets import read_budget_status
        from .words.budgets import end_of_budgets

    with _warehouse(
        output, destination, database, dataset, read_only=True
    ) as warehouse:
        found = read_budget_status(warehouse, month)
    return end_of_budgets(found, warehouse.location)


@main.command(epilog=as_help())
@click.argument("view", required=False)
@click.option(
    "--format",
    "form",
    type=Format(),
    help="As the ending of --out says, else csv.",
)
@click.option(
    "--out",
    type=NewOrOldFile(dir_okay=False, path_type=Path),
    help="File to write or replace; unset, stdout.",
)
@json_option
@warehouse_options
@click.pass_obj
def export(
    output: Output,
    view: str | None,
    form: str | None,
    out: Path | None,
    destination: str,
    database: Path,
    dataset: str,
) -> End:
    """Write the rows of VIEW as CSV, Parquet or lines of JSON.

    Without VIEW, lists the views. Rows come in the order of the view's grain. Needs no
    key.
    """
    with frozen_imports():
        from .export import FORMATS, format_of, require_target, view_named
        from .words.export import end_of_export, end_of_list

    if view is None:
        if form or out:
            raise click.UsageError("Name a view. List all: ccwarehouse export")
        return end_of_list()
    form = form or format_of(out)
    _require_way_out(output, form, out)
    with _errors_explained(""):
        model = view_named(view)
        if out:
            require_target(out, database)
    with _warehouse(
        output, destination, database, dataset, read_only=True
    ) as warehouse:
        count = _export(warehouse, model, FORMATS[form], out)
    return end_of_export(view, form, count, out)


@main.command("dbt-sources", epilog=as_help())
@click.option(
    "--out",
    type=NewOrOldFile(dir_okay=False, path_type=Path),
    help="YAML file to write or replace; unset, stdout.",
)
@json_option
@warehouse_options
@click.pass_obj
def dbt_sources(
    output: Output, out: Path | None, destination: str, database: Path, dataset: str
) -> End:
    """Write the tables and views as sources for dbt.

    They have descriptions and tests. Opens no warehouse and needs no key.
    """
    _require_out(output, out)
    with frozen_imports():
        from .dbt_sources import as_yaml, sources, text_sink
        from .export import require_target
        from .warehouses import dialect_for, engine_of
        from .words.dbt_sources import end_of_dbt_sources

    engine = engine_of(destination, database)
    with _errors_explained(destination):
        name = engine.stored_name(dataset)
        if out:
            require_target(out, database)
        document = sources(name, engine.catalog, dialect_for(engine))
        with text_sink(out) as sink:
            sink.write(as_yaml(document))
    return end_of_dbt_sources(document, out)


@main.command(epilog=as_help())
@click.option(
    "--month", type=IsoMonth(), help="The UTC month; unset, the newest worth reading."
)
@click.option("--start", type=IsoDate(), help="First UTC day, instead of a month.")
@click.option("--end", type=IsoDate(), help="Last UTC day, included.")
@click.option("--account", help="The account, where several are loaded.")
@click.option("--title", help="Stands on the page instead of the organisation.")
@click.option("--no-names", is_flag=True, help="Number people instead of naming them.")
@click.option(
    "--out",
    type=NewOrOldFile(dir_okay=False, path_type=Path),
    default="report.html",
    show_default=True,
    help="File to write or replace.",
)
@click.option(
    "--png",
    type=click.Path(path_type=Path),
    help="Folder for a PNG and an SVG of each chart; needs the extra png.",
)
@json_option
@warehouse_options
@click.pass_obj
def report(
    output: Output,
    month: date | None,
    start: date | None,
    end: date | None,
    account: str | None,
    title: str | None,
    no_names: bool,
    out: Path,
    png: Path | None,
    destination: str,
    database: Path,
    dataset: str,
) -> End:
    """Write a page of a month: cost, use and acceptance.

    The page is one HTML file that fetches nothing. It shows the running month from its
    seventh complete day on, before that the last full one. Needs no key.
    """
    _require_days(month, start, end)
    with frozen_imports():
        from .export import require_target
        from .report import PictureError, Request, require_pictures, write_report
        from .words.report import end_of_report, remarks

    with _errors_explained(""):
        require_target(out, database)
        try:
            if png:
                require_pictures(png)
        except PictureError as error:
            raise EndedError(ExitCode.CONFIGURATION, str(error)) from None
    with _warehouse(
        output, destination, database, dataset, read_only=True
    ) as warehouse:
        written = write_report(
            warehouse,
            Request(month, start, end, account),
            out,
            title=title,
            has_names=not no_names,
            pictures=png,
        )
    for remark in remarks(written):
        output.remark(remark)
    return end_of_report(written)


@main.command(epilog=as_help())
@account_option
@json_option
@warehouse_options
@click.pass_obj
def doctor(
    output: Output,
    account: str | None,
    destination: str,
    database: Path,
    dataset: str,
) -> End:
    """Check all that a load needs, and say how to fix what does not work.

    Makes at most a dozen calls to the API per account, writes a test table to the
    warehouse and removes it, and rebuilds the views. Ends with the code of what to fix
    first: 2 for impossible names, 3 for settings, key and secrets.toml, 5 for the
    warehouse and its views, 4 for what may pass by itself or be intended (the API does
    not answer, there is no recent data, the clock is wrong); 0 when everything works.
    """
    with frozen_imports():
        from claude_code_analytics import resolve_accounts

        from .doctor import dlt_folders, examine
        from .words.doctor import end_of_doctor

    findings = []
    with _errors_explained("This machine"):
        configure = partial(resolve_accounts, account)
        for finding in examine(
            configure, destination, database, dataset, folders=dlt_folders()
        ):
            findings.append(finding)
            color = {"ok": "green", "problem": "red"}.get(finding.verdict, "yellow")
            verdict = click.style(f"{finding.verdict:7}", fg=color)
            output.say(f"{verdict}  {finding.check:12}  {finding.text}")
    return end_of_doctor(findings)


@main.command()
def demo() -> End:
    """Load a made-up organisation and print answers in four parts.

    Needs no key: it runs a fake API on this machine. The data goes to demo.duckdb in
    this folder, and a page of its month to demo.html; existing files are replaced.
    """
    with frozen_imports():
        from rich.console import Console

        from .demo import run

    with _errors_explained("demo.duckdb"):
        run(Path("demo.duckdb"), Console(highlight=False))
    return End()


@main.command("fake-api")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8585,
    show_default=True,
    help="Port on 127.0.0.1; 0 takes a free one.",
)
def fake_api(port: int) -> End:
    """Serve a fake API until Ctrl-C.

    It serves the demo's made-up organisation and accepts the key that it prints.
    """
    from claude_code_analytics.fake import DEMO_API_KEY, FakeApi

    try:
        api = FakeApi(port=port)
    except OSError as error:
        message = f"Port {port} cannot be used: {error.strerror}. Choose another."
        raise click.UsageError(message) from None
    click.echo(f"Serving {api.url} until Ctrl-C. Load from it with:")
    click.echo(
        f"  SOURCES__CLAUDE_CODE_ANALYTICS__BASE_URL={api.url} "
        f"ANTHROPIC_ADMIN_KEY={DEMO_API_KEY} ccwarehouse load"
    )
    api.serve_forever()
    return End()


def _require_days(month: date | None, start: date | None, end: date | None) -> None:
    if month and (start or end):
        raise click.UsageError("Name a month or days: --month, or --start and --end.")
    if start and end and start > end:
        message = f"--start {start} is after --end {end}. Swap them."
        raise click.UsageError(message)


def _require_range(start: date | None, end: date | None, today: date) -> None:
    if start and end and start > end:
        message = f"--start {start} is after --end {end}. Swap them."
        raise click.UsageError(message)
    for name, day in (("--start", start), ("--end", end)):
        if day and day > today and (name == "--start" or start is None):
            message = (
                f"{name} {day} is in the future. The last possible day is {today}."
            )
            raise click.UsageError(message)


def _files(
    teams: Path | None, budgets: Path | None, min_group_size: int | None
) -> list[InputFile]:
    """The files that are named in the options or in the configuration."""
    from .inputs import read_files, resolve_file_settings

    settings = resolve_file_settings(
        teams=teams, budgets=budgets, min_group_size=min_group_size
    )
    if min_group_size and not settings.teams:
        message = "--min-group-size is loaded with the teams file. Name it: --teams."
        raise click.UsageError(message)
    return read_files(settings)


def _require_out(output: Output, out: Path | None) -> None:
    if output.as_json and out is None:
        message = "With --json the output needs a file of its own. Name it: --out."
        raise click.UsageError(message)


def _require_way_out(output: Output, form: str, out: Path | None) -> None:
    if out:
        return
    _require_out(output, out)
    if form == "parquet" and sys.stdout.isatty():
        message = "Parquet is no text for a terminal. Name a file: --out."
        raise click.UsageError(message)


def _export(warehouse: Warehouse, view: Model, write: Writer, out: Path | None) -> int:
    """The number of rows written, also if their reader stopped before the end."""
    from .export import ReaderGoneError, file_sink, stdout_sink, write_view

    if out:
        with file_sink(out) as sink:
            return write_view(warehouse, view, write, sink)
    try:
        return write_view(warehouse, view, write, stdout_sink())
    except ReaderGoneError:
        return 0


@contextmanager
def _warehouse(
    output: Output,
    destination: str,
    database: Path,
    dataset: str,
    wait: int = 0,
    **access: bool,
) -> Iterator[Warehouse]:
    with frozen_imports():
        from .warehouses import engine_of, open_warehouse

    location = engine_of(destination, database).place
    with (
        _errors_explained(location),
        open_warehouse(
            destination,
            database,
            dataset,
            patience=_patience(output, location, wait),
            **access,
        ) as warehouse,
    ):
        if warehouse.remark:
            output.remark(warehouse.remark)
        yield warehouse


def _patience(output: Output, location: str, wait: int) -> Patience:
    from .warehouses import Patience

    return Patience(wait, lambda said: output.remark(f"{location} is in use: {said}"))


def _write_page(
    output: Output,
    warehouse: Warehouse,
    account: str | None,
    page: Path,
    *,
    quiet: bool,
) -> None:
    """The page of the month after a load, also after one with failed days.

    Without `account` there are several, and the page is of the one `report` takes.
    """
    from .report import Request, UnknownAccountError, write_report

    try:
        written = write_report(warehouse, Request(account=account), page)
    except UnknownAccountError:  # not one day of it is in
        written = write_report(warehouse, Request(), page)
    if not quiet:
        whose = f" of account {written.account}" if account is None else ""
        output.say(f"The report{whose} is in {page}.")


def _require_targets(
    engine: Engine,
    dataset: str,
    publish: Path | None,
    page: Path | None,
    metrics: Path | None,
) -> None:
    """End before the load if one of its files could not be written afterwards."""
    from .export import require_target
    from .metrics import require_metrics_file

    if publish:
        with _errors_explained(str(publish)):
            engine.require_copy(publish, dataset)
    if page:
        with _errors_explained(str(page)):
            require_target(page, engine.database, option="--report")
    if metrics:
        others = {
            "--database": engine.database,
            "--publish": publish,
            "--report": page,
        }
        with _errors_explained(str(metrics)):
            require_metrics_file(metrics, others)


def _publish(
    output: Output, engine: Engine, target: Path, wait: int, *, quiet: bool
) -> None:
    with _errors_explained(engine.place):
        engine.copy(target, _patience(output, engine.place, wait))
    if not quiet:
        output.say(f"Copied to {target} for readers.")


@contextmanager
def _errors_explained(location: str) -> Iterator[None]:
    """Errors that a person can fix become one line and an exit code."""
    from .problems import explain

    try:
        yield
    except Exception as error:
        problem = explain(error, location)
        if problem is None:
            raise
        raise EndedError(
            problem.code, problem.line, problem.more, problem.facts
        ) from None


def _ask(output: Output, accounts: Sequence[AccountLoad], *, quiet: bool) -> None:
    """Ask the API with the key of each account, before anything is opened."""
    from .accounts import ask

    for account in accounts:
        with output.about(account.label):
            ask(account, partial(_preflight, output, quiet=quiet))


def _preflight(
    output: Output, settings: UsageSettings, contact: Contact, *, quiet: bool
) -> Preflight:
    from claude_code_analytics.preflight import preflight

    from .words.progress import Silence, Words

    watching = Silence(contact) if quiet else Words(output.remark, contact)
    with watching, contact.call():
        return preflight(settings, contact=contact)


def _dry_run(
    warehouse: Warehouse,
    request: Request,
    accounts: Sequence[AccountLoad],
    files: Sequence[InputFile],
) -> End:
    from .accounts import plan_account
    from .words.accounts import end_of_dry_run

    for account in accounts:
        plan_account(account, warehouse, request)
    is_checked = warehouse.check_inputs(files)
    return end_of_dry_run(accounts, files, currencies_known=is_checked)


def _remark(output: Output, accounts: Sequence[AccountLoad]) -> None:
    from .words.accounts import remarks

    for account in accounts:
        with output.about(account.label):
            for line in remarks(account):
                output.remark(line)


def _load(
    output: Output,
    warehouse: Warehouse,
    request: Request,
    accounts: Sequence[AccountLoad],
    files: Sequence[InputFile],
    *,
    quiet: bool,
) -> None:
    from .accounts import conclude, load_account
    from .interrupt import run_interruptibly
    from .words.accounts import interrupted
    from .words.progress import Silence

    watched = [Silence()]  # the last one is of the account that is loaded now

    def watching(account: AccountLoad) -> Silence:
        watched.append(_progress(output, account, quiet=quiet))
        return watched[-1]

    def farewell() -> None:
        watched[-1].__exit__()
        output.about_all()
        line = interrupted(accounts, watched[-1].stored_days, warehouse.location)
        output.remark(line)
        output.end(End(ExitCode.INTERRUPTED, line))

    def work() -> None:
        for account in accounts:
            if not account.problem:
                with output.about(account.label):
                    load_account(account, warehouse, request, watching)
        conclude(accounts, warehouse, files)

    run_interruptibly(work, farewell, warehouse.pipeline.pipelines_dir)


def _progress(output: Output, account: AccountLoad, *, quiet: bool) -> Silence:
    from rich.console import Console

    from .words.events import EventLines
    from .words.progress import watch

    contact = account.run.contact
    if output.events:
        return EventLines(output.events, contact)
    days = len(account.plan.wanted) if account.plan else 0
    console = Console(stderr=True)
    return watch(console, days, quiet=quiet, contact=contact, account=account.label)
