"""What a load does with each account: ask, plan, load, and tell of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from ..end import End
from ..exit_codes import ExitCode
from ..output import Output

if TYPE_CHECKING:
    from claude_code_analytics import UsageSettings
    from claude_code_analytics.preflight import Preflight
    from whole_days.contact import Contact
    from whole_days.privacy import Privacy

    from ..accounts import AccountLoad
    from ..inputs import Inputs
    from ..load import Plan, Request
    from ..neighbours import Neighbour
    from ..privacy import PrivacySettings
    from ..warehouses import Warehouse
    from ..words.progress import Silence


def ask_all(output: Output, accounts: Sequence[AccountLoad], *, quiet: bool) -> None:
    """Ask the API with the key of each account, before anything is opened."""
    from ..accounts import ask

    for account in accounts:
        with output.about(account.label):
            ask(account, partial(_preflight, output, quiet=quiet))


def _preflight(
    output: Output, settings: UsageSettings, contact: Contact, *, quiet: bool
) -> Preflight:
    from claude_code_analytics.preflight import preflight

    from ..words.progress import Silence, Words

    watching = Silence(contact) if quiet else Words(output.remark, contact)
    with watching, contact.call():
        return preflight(settings, contact=contact)


def plan_all(
    warehouse: Warehouse,
    request: Request,
    accounts: Sequence[AccountLoad],
    inputs: Inputs,
) -> End:
    """Say which days of each account would be loaded, and load nothing."""
    from whole_days.clock import utc_now

    from ..accounts import plan_account, plan_neighbours
    from ..words.accounts import end_of_dry_run

    for account in accounts:
        plan_account(account, warehouse, request)
        plan_neighbours(account, warehouse, request)
    tag = inputs.tag
    tagged = warehouse.check_tag(tag, utc_now().date()) if tag else None
    is_checked = warehouse.check_inputs(inputs.files)
    return end_of_dry_run(accounts, inputs, tagged, currencies_known=is_checked)


def remark_on_all(output: Output, accounts: Sequence[AccountLoad]) -> None:
    """Tell what needs attention in each account, and in what belongs to none."""
    from ..words.accounts import remarks, remarks_on_all

    for account in accounts:
        with output.about(account.label):
            for line in remarks(account):
                output.remark(line)
    for line in remarks_on_all(accounts):
        output.remark(line)


def load_all(
    output: Output,
    warehouse: Warehouse,
    request: Request,
    accounts: Sequence[AccountLoad],
    inputs: Inputs,
    privacy: Privacy,
    private: PrivacySettings,
    *,
    quiet: bool,
) -> None:
    """Load one account after another, then the inputs, and build the views."""
    from ..accounts import conclude, load_account, load_neighbours
    from ..interrupt import run_interruptibly
    from ..words.accounts import interrupted
    from ..words.progress import Silence

    watched = [Silence()]  # the last one is of the account that is loaded now

    def watching(account: AccountLoad) -> Silence:
        run = account.run
        watched.append(
            _progress(output, account.label, run.plan, run.contact, quiet=quiet)
        )
        return watched[-1]

    @contextmanager
    def watching_neighbour(label: str, neighbour: Neighbour) -> Iterator[Silence]:
        from ..words.neighbours import name

        named = f"{label} {name(neighbour)}".lstrip()
        plan, contact = neighbour.plan, neighbour.contact
        is_unverified = neighbour.is_unverified
        with (
            output.about_report(neighbour.name, is_unverified=is_unverified),
            _progress(output, named, plan, contact, quiet=quiet) as progress,
        ):
            yield progress

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
                    load_account(account, warehouse, request, privacy, watching)
        for account in accounts:
            with output.about(account.label):
                watch = partial(watching_neighbour, account.label)
                load_neighbours(account, warehouse, request, privacy, watch)
        conclude(accounts, warehouse, inputs, private)

    run_interruptibly(work, farewell, warehouse.pipeline.pipelines_dir)


def _progress(
    output: Output, label: str, plan: Plan | None, contact: Contact, *, quiet: bool
) -> Silence:
    """The progress of a report of an account, under its label."""
    from rich.console import Console

    from ..words.events import EventLines
    from ..words.progress import watch

    if output.events:
        return EventLines(output.events, contact)
    days = len(plan.wanted) if plan else 0
    console = Console(stderr=True)
    return watch(console, days, quiet=quiet, contact=contact, account=label)
