"""Whether a load would work here: check what it needs, and say how to fix it."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import httpx

from claude_code_analytics import UsageSettings
from whole_days.clock import utc_now

from ..problems import explain
from .api import examine_api
from .finding import Finding, ok, problem, skipped
from .organisation import Whose
from .reports import examine_reports
from .secrets import dlt_folders, examine_secrets
from .warehouse import examine_warehouse

__all__ = ["Finding", "dlt_folders", "examine"]

T = TypeVar("T")

API_CHECKS = ("API", "access", "newest data", "clock")


def examine(
    configure: Callable[[], Sequence[UsageSettings]],
    destination: str,
    database: Path,
    dataset: str,
    *,
    folders: Iterable[Path],
    reports: Callable[[], Sequence[str]] = tuple,
    transport: httpx.AsyncBaseTransport | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> Iterator[Finding]:
    """The findings of all checks, each as soon as it is known.

    `configure` returns the settings of each account, `reports` the names of the
    further reports. `folders` are those in which dlt looks for `secrets.toml`. Makes at
    most a dozen calls to the API for each account, and one for each of these reports.
    Rebuilds the views, and removes everything else that it writes into the warehouse.
    """
    accounts: list[Whose] = []
    settings = _attempt("settings", lambda: (configure(), reports()))
    if isinstance(settings, Finding):
        yield settings
        yield from _skipped(("key", *API_CHECKS), "the settings cannot be used")
        accounts.append(Whose("", None))
    else:
        configured, named = settings
        names = ", ".join(account.account for account in configured)
        is_alone = len(configured) == 1
        several = "account" if is_alone else "accounts"
        yield ok("settings", f"{configured[0].base_url}, {several} {names}")
        for account in configured:
            examined = _examine_key(account, named, transport, clock)
            organization = yield from _of_account(account, is_alone, examined)
            accounts.append(Whose(account.account, organization, is_alone))
    yield from examine_warehouse(destination, database, dataset, accounts)
    yield from examine_secrets(folders)


def _of_account(
    settings: UsageSettings,
    is_alone: bool,
    findings: Generator[Finding, None, str | None],
) -> Generator[Finding, None, str | None]:
    """The same findings with the account's name, which texts need among several."""
    while True:
        try:
            finding = next(findings)
        except StopIteration as end:
            organization: str | None = end.value
            return organization
        yield finding.of_account(settings.account, is_alone=is_alone)


def _examine_key(
    settings: UsageSettings,
    reports: Sequence[str],
    transport: httpx.AsyncBaseTransport | None,
    clock: Callable[[], datetime],
) -> Generator[Finding, None, str | None]:
    key = _attempt("key", lambda: settings.credential)
    if isinstance(key, Finding):
        yield key
        yield from _skipped((*API_CHECKS, *reports), "no key is set")
        return None
    is_token = settings.auth_token or settings.auth_token_command
    yield ok("key", "a token is set" if is_token else "a key is set")
    return (yield from _examine_way(settings, reports, transport, clock))


def _examine_way(
    settings: UsageSettings,
    reports: Sequence[str],
    transport: httpx.AsyncBaseTransport | None,
    clock: Callable[[], datetime],
) -> Generator[Finding, None, str | None]:
    """Check the API, unless a proxy or a certificate prevents it."""
    examined = _attempt("API", lambda: examine_api(settings, transport, clock))
    if isinstance(examined, Finding):
        yield examined
        skipping = (*API_CHECKS[1:], *reports)
        yield from _skipped(skipping, "the API cannot be called")
        return None
    findings, organization = examined
    yield from findings
    if any(each.check == "access" and each.verdict == "ok" for each in findings):
        yield from examine_reports(settings, reports, transport, clock)
    else:
        yield from _skipped(reports, "the API gives no access")
    return organization


def _attempt(check: str, work: Callable[[], T]) -> T | Finding:
    """The result of `work`, or the problem that a person has to fix first."""
    try:
        return work()
    except Exception as error:
        explained = explain(error, "The configuration")
        if explained is None:
            raise
        return problem(check, explained.code, explained.line)


def _skipped(checks: Iterable[str], reason: str) -> Iterator[Finding]:
    return (skipped(check, reason) for check in checks)
