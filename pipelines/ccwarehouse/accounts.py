"""A load of several accounts, each with its own plan and outcome, or problem.

Accounts are loaded one after another: they write to one warehouse, which takes one
writer, and each already has several days in flight, as many as its rate limit bears. An
account that cannot be loaded stops no other one.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from claude_code_analytics import (
    CLAUDE_CODE,
    CredentialsError,
    SettingsError,
    UsageSettings,
    UsageSummary,
)
from claude_code_analytics.preflight import Preflight
from whole_days.clock import utc_now
from whole_days.errors import ClockError, OrganisationError

from .inputs import InputFile
from .load import Outcome, Plan, Request, Watching, load, load_files, plan
from .problems import Problem, explain
from .warehouses import Warehouse

OF_ONE = (ClockError, CredentialsError, OrganisationError, SettingsError)


@dataclass
class AccountLoad:
    """What a load does for one account.

    `before` is None for a dry run. `problem` is why nothing of the account is loaded;
    an account that `is_alone` raises it instead.
    """

    settings: UsageSettings
    is_alone: bool
    before: Preflight | None = None
    plan: Plan | None = None
    outcome: Outcome[UsageSummary] | None = None
    problem: Problem | None = None

    @property
    def account(self) -> str:
        """The account's name."""
        return self.settings.account

    @contextmanager
    def own_problem(self) -> Iterator[None]:
        """Note an error that concerns this account only."""
        try:
            yield
        except OF_ONE as error:
            if self.is_alone:
                raise
            self.problem = explain(error, "")


def begin(
    accounts: Sequence[UsageSettings], ask: Callable[[UsageSettings], Preflight | None]
) -> list[AccountLoad]:
    """Ask the API with each account's key, before anything is opened."""
    loads = [AccountLoad(settings, len(accounts) == 1) for settings in accounts]
    for account in loads:
        with account.own_problem():
            account.before = ask(account.settings)
    return loads


def plan_account(account: AccountLoad, warehouse: Warehouse, request: Request) -> Plan:
    """The days of the account to fetch, as of now."""
    now = account.before.clock if account.before else utc_now
    stored = warehouse.stored(CLAUDE_CODE, account.account)
    return plan(request, stored, now(), account.settings)


def load_account(
    account: AccountLoad,
    warehouse: Warehouse,
    request: Request,
    watch: Callable[[AccountLoad], AbstractContextManager[Watching]],
) -> None:
    """Plan the account's days and load them."""
    assert account.before is not None
    with account.own_problem():
        account.plan = plan_account(account, warehouse, request)
        with watch(account) as progress:
            account.outcome = load(
                warehouse,
                CLAUDE_CODE,
                account.plan,
                account.settings,
                progress,
                account.before.clock,
                is_admitted=account.before.is_admitted,
                contact=progress.contact,
            )


def conclude(
    accounts: Sequence[AccountLoad], warehouse: Warehouse, files: Sequence[InputFile]
) -> None:
    """Load the files and build the views, once for all accounts.

    The last outcome gets what became of the files.
    """
    loaded = [account for account in accounts if account.outcome and account.before]
    if not loaded:
        return
    last = loaded[-1]
    assert last.outcome
    assert last.before
    now = last.before.clock()
    last.outcome.files, last.outcome.file_error = load_files(warehouse, files, now)
    plans = [account.plan for account in loaded]
    if any(plan and (plan.wanted or plan.stored) for plan in plans):
        warehouse.build_views()
