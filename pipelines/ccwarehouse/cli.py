"""The command line: words into calls, errors into exit codes. Nothing below prints.

What needs dlt or rich is imported where it is used, so that `--help` and a wrong word
are answered at once.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .imports import imports
from .options import EXIT_CODES, IsoDate, warehouse_options

if TYPE_CHECKING:
    from claude_code_analytics import UsageSettings

    from .destinations import Warehouse
    from .doctor import Finding
    from .load import Outcome, Plan
    from .views import Failure


@click.group(epilog=EXIT_CODES, context_settings={"max_content_width": 88})
@click.version_option(package_name="ccwarehouse")
def main() -> None:
    """Claude Code usage in your warehouse, exact to the day."""
    # dlt reads these when it is imported; it would report usage of its own, and log
    # with tracebacks what ends in one line here
    os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
    os.environ.setdefault("RUNTIME__LOG_LEVEL", "CRITICAL")
    # BigQuery's client tells of a faster way to read, which nothing here needs
    warnings.filterwarnings("ignore", "Cannot create BigQuery Storage client")


@main.command(epilog=EXIT_CODES)
@click.option("--start", type=IsoDate(), help="First UTC day of a backfill.")
@click.option("--end", type=IsoDate(), help="Last UTC day of a backfill, included.")
@click.option(
    "--lookback", type=click.IntRange(0), help="Complete days to re-read, 3 unless set."
)
@click.option("--include-today", is_flag=True, help="Load the running day as well.")
@click.option(
    "--concurrency", type=click.IntRange(1), help="Days in flight, 4 unless set."
)
@click.option("--dry-run", is_flag=True, help="Say which days and why; load nothing.")
@click.option("--quiet", is_flag=True, help="Say only what needs attention.")
@click.option("--json", "as_json", is_flag=True, help="Summary as JSON on stdout.")
@warehouse_options
def load(
    start: date | None,
    end: date | None,
    lookback: int | None,
    include_today: bool,
    concurrency: int | None,
    dry_run: bool,
    quiet: bool,
    as_json: bool,
    destination: str,
    database: Path,
    dataset: str,
) -> None:
    """Load the days the warehouse lacks, or those asked for.

    Without dates this is the nightly run: every day that is missing, failed or was
    read too early, and the last few days again, as the API may restate them. With
    dates it is a backfill of exactly these days. Needs an Admin API key in
    ANTHROPIC_ADMIN_KEY.
    """
    _require_range(start, end, datetime.now(UTC).date())
    with imports():
        from claude_code_analytics import resolve_settings, utc_now

        from .load import Request, plan
        from .summary import outcome_as_dict, outcome_as_lines, remarks

    request = Request(start, end, include_today)
    with _errors_explained("The configuration"):
        settings = resolve_settings(lookback=lookback, concurrency=concurrency)
        if not dry_run:
            settings.require_key()
    access = {"read_only": True} if dry_run else {"sole_writer": True}
    with _warehouse(destination, database, dataset, **access) as warehouse:
        chosen = plan(request, warehouse.stored(settings.account), utc_now(), settings)
        if dry_run:
            _print_plan(chosen, as_json=as_json)
            return
        outcome = _load(warehouse, chosen, settings, quiet=quiet)
    place = warehouse.location
    for remark in remarks(outcome):
        click.echo(remark, err=True)
    if as_json:
        click.echo(json.dumps(outcome_as_dict(outcome, place)))
    elif not quiet:
        click.echo("\n".join(outcome_as_lines(chosen, outcome, place)))
    if outcome.failed:
        raise SystemExit(4)


@main.command(epilog=EXIT_CODES)
@click.option("--check", is_flag=True, help="Also check the claims about the data.")
@warehouse_options
def transform(check: bool, destination: str, database: Path, dataset: str) -> None:
    """Rebuild the views over what is loaded."""
    with _warehouse(destination, database, dataset) as warehouse:
        names = warehouse.build_views()
        failures = warehouse.check_views() if check else []
    click.echo(f"Built {len(names)} views in {dataset}_marts: {', '.join(names)}.")
    for failure in failures:
        _print_failure(failure)
    if failures:
        raise SystemExit(1)
    if check:
        click.echo("All checks hold.")


@main.command(epilog=EXIT_CODES)
@click.option("--json", "as_json", is_flag=True, help="Status as JSON on stdout.")
@warehouse_options
def status(as_json: bool, destination: str, database: Path, dataset: str) -> None:
    """Say what is stored, what is missing and what the next load would do.

    Ends with 0 when no day is missing and with 4 when one failed, is not whole or was
    never fetched. Days that were read before they were complete are no gap: the next
    load reads them again. Needs no key.
    """
    with imports():
        from claude_code_analytics import resolve_settings, utc_now

        from .status import read_status, remarks, status_as_dict, status_as_lines

    with _errors_explained("The configuration"):
        settings = resolve_settings()
    with _warehouse(destination, database, dataset, read_only=True) as warehouse:
        found = read_status(warehouse, settings, utc_now())
    if as_json:
        click.echo(json.dumps(status_as_dict(found, warehouse.location)))
    else:
        click.echo("\n".join(status_as_lines(found, warehouse.location)))
    for remark in remarks(found):
        click.echo(remark, err=True)
    if found.gaps:
        raise SystemExit(4)


@main.command(epilog=EXIT_CODES)
@click.option("--json", "as_json", is_flag=True, help="Findings as JSON on stdout.")
@warehouse_options
def doctor(as_json: bool, destination: str, database: Path, dataset: str) -> None:
    """Try all that a load needs, and say how to mend what does not work.

    Asks the API in at most a dozen calls, writes to the warehouse and removes it again,
    and renews the views. Ends with the code of what to mend first: 2 for names that
    cannot be, 3 for settings, key and secrets.toml, 5 for the warehouse and its views,
    4 for what may pass by itself or be meant so (the API does not answer, there is no
    recent data, the clock is off); 0 when all is well.
    """
    with imports():
        from claude_code_analytics import resolve_settings

        from .doctor import dlt_folders, examine, exit_code

    findings = []
    with _errors_explained("This machine"):
        for finding in examine(
            resolve_settings, destination, database, dataset, folders=dlt_folders()
        ):
            findings.append(finding)
            if not as_json:
                _print_finding(finding)
    if as_json:
        click.echo(json.dumps({"checks": [finding.as_dict() for finding in findings]}))
    raise SystemExit(exit_code(findings))


@main.command()
def demo() -> None:
    """Load a made-up organisation and answer three questions.

    Needs no key: a fake of the API runs on this machine meanwhile. The data is in
    demo.duckdb afterwards; an older one in this folder is replaced.
    """
    with imports():
        from rich.console import Console

        from .demo import run

    with _errors_explained("demo.duckdb"):
        run(Path("demo.duckdb"), Console(highlight=False))


@main.command("fake-api")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8585,
    show_default=True,
    help="Port on 127.0.0.1; 0 takes a free one.",
)
def fake_api(port: int) -> None:
    """Serve a fake of the API until Ctrl-C.

    It has the made-up organisation of the demo and takes the key it prints.
    """
    from .fake_api import DEMO_API_KEY, FakeApi

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


def _require_range(start: date | None, end: date | None, today: date) -> None:
    if start and end and start > end:
        message = f"--start {start} is after --end {end}. Swap them."
        raise click.UsageError(message)
    for name, day in (("--start", start), ("--end", end)):
        if day and day > today and (name == "--start" or start is None):
            message = (
                f"{name} {day} is in the future. The last day to ask for is {today}."
            )
            raise click.UsageError(message)


@contextmanager
def _warehouse(
    destination: str, database: Path, dataset: str, **access: bool
) -> Iterator[Warehouse]:
    with imports():
        from .destinations import open_warehouse

    with (
        _errors_explained(str(database) if destination == "duckdb" else destination),
        open_warehouse(destination, database, dataset, **access) as warehouse,
    ):
        if warehouse.remark:
            click.echo(warehouse.remark, err=True)
        yield warehouse


@contextmanager
def _errors_explained(location: str) -> Iterator[None]:
    """Errors that a person can mend become one line and an exit code."""
    from .problems import explain

    try:
        yield
    except KeyboardInterrupt:
        click.echo("Interrupted.", err=True)
        raise SystemExit(130) from None
    except Exception as error:
        problem = explain(error, location)
        if problem is None:
            raise
        click.echo(f"ccwarehouse: {problem.line}", err=True)
        raise SystemExit(problem.code) from None


def _load(
    warehouse: Warehouse, plan: Plan, settings: UsageSettings, *, quiet: bool
) -> Outcome:
    from rich.console import Console

    from .interrupt import run_interruptibly
    from .load import load as run
    from .progress import watch

    def farewell() -> None:
        progress.__exit__()
        click.echo(
            f"Interrupted. {progress.stored_days} of {len(plan.wanted)} days are in "
            f"{warehouse.location}. The next load goes on from there.",
            err=True,
        )

    def work() -> Outcome:
        outcome = run(warehouse, plan, settings, progress)
        if plan.wanted or plan.stored:
            warehouse.build_views()
        return outcome

    with watch(Console(stderr=True), len(plan.wanted), quiet=quiet) as progress:
        return run_interruptibly(work, farewell, warehouse.pipeline.pipelines_dir)


def _print_plan(plan: Plan, *, as_json: bool) -> None:
    from .summary import plan_as_dict, plan_as_lines

    text = json.dumps(plan_as_dict(plan)) if as_json else "\n".join(plan_as_lines(plan))
    click.echo(text)


def _print_finding(finding: Finding) -> None:
    color = {"ok": "green", "problem": "red"}.get(finding.verdict, "yellow")
    verdict = click.style(f"{finding.verdict:7}", fg=color)
    click.echo(f"{verdict}  {finding.check:12}  {finding.text}")


def _print_failure(failure: Failure) -> None:
    from claude_code_analytics.errors import without_emails

    click.echo(
        f"{failure.check} fails in {failure.count} rows. {failure.claim}", err=True
    )
    for row in (failure.columns, *failure.rows):
        click.echo("  " + without_emails(" | ".join(map(str, row))), err=True)
