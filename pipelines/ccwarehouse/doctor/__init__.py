"""Whether a load would work here: each thing it needs is tried, and its mend told."""

from collections.abc import Callable, Generator, Iterable, Iterator
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
from .secrets import dlt_folders, examine_secrets
from .warehouse import examine_warehouse

__all__ = ["Finding", "dlt_folders", "examine"]

T = TypeVar("T")

API_CHECKS = ("API", "access", "newest data", "clock")


def examine(
    configure: Callable[[], UsageSettings],
    destination: str,
    database: Path,
    dataset: str,
    *,
    folders: Iterable[Path],
    transport: httpx.AsyncBaseTransport | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> Iterator[Finding]:
    """What each check found, as soon as it is known.

    `configure` gives the settings, `folders` are those in which dlt looks for
    `secrets.toml`. At most a dozen calls go to the API. What is written into the
    warehouse is removed again, except that the views are renewed.
    """
    whose = Whose("", None)
    settings = _attempt("settings", configure)
    if isinstance(settings, Finding):
        yield settings
        yield from _skipped(("key", *API_CHECKS), "the settings cannot be used")
    else:
        yield ok("settings", f"{settings.base_url}, account {settings.account}")
        organization = yield from _examine_key(settings, transport, clock)
        whose = Whose(settings.account, organization)
    yield from examine_warehouse(destination, database, dataset, whose)
    yield from examine_secrets(folders)


def _examine_key(
    settings: UsageSettings,
    transport: httpx.AsyncBaseTransport | None,
    clock: Callable[[], datetime],
) -> Generator[Finding, None, str | None]:
    key = _attempt("key", settings.require_key)
    if isinstance(key, Finding):
        yield key
        yield from _skipped(API_CHECKS, "there is no key to ask with")
        return None
    yield ok("key", "there is one")
    return (yield from _examine_way(settings, transport, clock))


def _examine_way(
    settings: UsageSettings,
    transport: httpx.AsyncBaseTransport | None,
    clock: Callable[[], datetime],
) -> Generator[Finding, None, str | None]:
    """The API, unless a proxy or a certificate is in the way."""
    examined = _attempt("API", lambda: examine_api(settings, transport, clock))
    if isinstance(examined, Finding):
        yield examined
        yield from _skipped(API_CHECKS[1:], "the API cannot be asked")
        return None
    findings, organization = examined
    yield from findings
    return organization


def _attempt(check: str, work: Callable[[], T]) -> T | Finding:
    """What `work` gives, or the problem that someone has to mend first."""
    try:
        return work()
    except Exception as error:
        mend = explain(error, "The configuration")
        if mend is None:
            raise
        return problem(check, mend.code, mend.line)


def _skipped(checks: Iterable[str], reason: str) -> Iterator[Finding]:
    return (skipped(check, reason) for check in checks)
