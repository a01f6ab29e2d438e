"""A load of several accounts, each with its own plan and outcome, or problem.

Accounts are loaded one after another: they write to one warehouse, which takes one
writer, and each already has several days in flight, as many as its rate limit bears. An
account that cannot be loaded stops no other one.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from claude_code_analytics import (
    CLAUDE_CODE,
    UsageSettings,
    UsageSummary,
    private_report,
)
from claude_code_analytics.preflight import Preflight
from whole_days.clock import utc_now
from whole_days.contact import Contact
from whole_days.privacy import Privacy

from .inputs import Inputs
from .load import Plan, Progress, Request, load, load_inputs, plan
from .neighbours import (
    Neighbour,
    leave_out,
    load_neighbour,
    plan_neighbour,
)
from .outcome import Outcome
from .privacy import PrivacySettings
from .problems import Part
from .run import Counted, Run, Runs
from .warehouses import Warehouse


@dataclass
class AccountLoad(Part):
    """What a load does for one account.

    `before` is None for a dry run. An account that `is_alone` raises its problem.
    `neighbours` are its further reports.
    """

    settings: UsageSettings
    run: Run
    is_alone: bool
    before: Preflight | None = None
    outcome: Outcome[UsageSummary] | None = None
    neighbours: list[Neighbour] = field(default_factory=list)

    @property
    def account(self) -> str:
        """The account's name."""
        return self.settings.account

    @property
    def label(self) -> str:
        """The name before what is said of the account; empty if it is alone."""
        return "" if self.is_alone else self.account

    @property
    def plan(self) -> Plan | None:
        """The days to fetch; None until the warehouse is read."""
        return self.run.plan


def begin(
    accounts: Sequence[UsageSettings], runs: Runs, neighbours: Sequence[str] = ()
) -> list[AccountLoad]:
    """The loads of the accounts, each with a run and these further reports."""
    is_alone = len(accounts) == 1
    return [
        AccountLoad(
            settings,
            runs.add(settings.account),
            is_alone,
            neighbours=[Neighbour(name) for name in neighbours],
        )
        for settings in accounts
    ]


def ask(
    account: AccountLoad, preflight: Callable[[UsageSettings, Contact], Preflight]
) -> None:
    """Ask the API with the account's key, before anything is opened."""
    with account.own_problem(is_alone=account.is_alone):
        account.before = preflight(account.settings, account.run.contact)


def plan_account(account: AccountLoad, warehouse: Warehouse, request: Request) -> Plan:
    """Plan the days of the account to fetch, as of now."""
    now = account.before.clock if account.before else utc_now
    stored = warehouse.stored(CLAUDE_CODE, account.account)
    account.run.plan = planned = plan(request, stored, now(), account.settings)
    return planned


def plan_neighbours(
    account: AccountLoad, warehouse: Warehouse, request: Request
) -> None:
    """Plan the days of the account's further reports, as of now."""
    for neighbour in account.neighbours:
        plan_neighbour(neighbour, account.settings, utc_now(), warehouse, request)


def load_account(
    account: AccountLoad,
    warehouse: Warehouse,
    request: Request,
    privacy: Privacy,
    watch: Callable[[AccountLoad], AbstractContextManager[Progress]],
) -> None:
    """Plan the account's days and load them, with what may be stored of people."""
    assert account.before is not None
    with account.own_problem(is_alone=account.is_alone):
        planned = plan_account(account, warehouse, request)
        with watch(account) as progress:
            account.outcome = load(
                warehouse,
                private_report(privacy),
                planned,
                account.settings,
                Counted(account.run, progress),
                account.before.clock,
                is_admitted=account.before.is_admitted,
                contact=account.run.contact,
            )


def load_neighbours(
    account: AccountLoad,
    warehouse: Warehouse,
    request: Request,
    privacy: Privacy,
    watch: Callable[[Neighbour], AbstractContextManager[Progress]],
) -> None:
    """Load the account's further reports, if usage could be loaded."""
    outcome, before = account.outcome, account.before
    is_loaded = outcome and (outcome.loaded or not outcome.failed)
    for neighbour in account.neighbours:
        if before and is_loaded:
            load_neighbour(
                neighbour,
                account.settings,
                before.clock,
                warehouse,
                request,
                privacy,
                watch,
            )
        else:
            leave_out(neighbour)


def conclude(
    accounts: Sequence[AccountLoad],
    warehouse: Warehouse,
    inputs: Inputs,
    private: PrivacySettings,
) -> None:
    """Load the inputs, sum old days and build the views, once for all accounts.

    The last outcome gets what became of the inputs and of old days.
    """
    loaded = [account for account in accounts if account.outcome and account.before]
    if not loaded:
        return
    last = loaded[-1]
    assert last.outcome
    assert last.before
    now = last.before.clock()
    load_inputs(warehouse, inputs, now, last.outcome)
    is_told = any(account.outcome and account.outcome.loaded for account in loaded)
    # a wrong clock must not sum days: it is right once the API has answered
    people_from = private.people_from(now.date()) if is_told else None
    last.outcome.summed = warehouse.people(CLAUDE_CODE, private.secret).sum_days(
        people_from
    )
    plans = [account.plan for account in loaded]
    if any(plan and (plan.wanted or plan.stored) for plan in plans):
        warehouse.keep_views()
