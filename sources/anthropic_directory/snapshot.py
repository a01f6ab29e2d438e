"""Take a snapshot of an account's organisation, and store what has changed."""

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import dlt
import httpx
from anyio.from_thread import start_blocking_portal

from anthropic_admin_api.client import ApiClient
from anthropic_admin_api.settings import NAME, UsageSettings
from whole_days.clock import ApiClock, utc_now
from whole_days.contact import Contact
from whole_days.errors import DayError, OrganisationError, RefusedError
from whole_days.patience import Patience
from whole_days.privacy import NAMED, Privacy

from .elements import Snapshot, whole_snapshot
from .errors import SnapshotError
from .store import as_source, read_known
from .versions import Known, changes


@dataclass(frozen=True)
class Taken:
    """A stored snapshot: how many elements it has, and how many versions are new."""

    elements: int
    changes: int


def take(
    pipeline: dlt.Pipeline,
    settings: UsageSettings,
    clock: Callable[[], datetime] = utc_now,
    contact: Contact | None = None,
    *,
    may_change: bool = False,
    privacy: Privacy = NAMED,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Taken:
    """Read all lists and append what has changed, in one package.

    With `may_change` the account may have changed to another organisation. `privacy`
    says what is stored of people.

    Raises `CredentialsError` if the key is refused, `OrganisationError` for another
    organisation's, `SnapshotError` if a list does not come whole, and dlt's errors of
    the warehouse. Then nothing is stored.
    """
    judged = ApiClock.of(clock)
    known = read_known(pipeline, settings.account)
    began = judged.machine()
    with start_blocking_portal() as portal:
        contact = contact or Contact()
        fetching = partial(_fetched, settings, judged, contact, privacy, transport)
        snapshot = portal.call(fetching)
    if not may_change:
        _require_same(known, snapshot, settings.account)
    seen_at = judged.corrected(began)
    rows = changes(snapshot, known, settings.account, seen_at)
    pipeline.run(as_source(rows, is_first=not known.number))
    return Taken(snapshot.elements, sum(map(len, rows.values())) - 1)


async def _fetched(
    settings: UsageSettings,
    clock: ApiClock,
    contact: Contact,
    privacy: Privacy,
    transport: httpx.AsyncBaseTransport | None,
) -> Snapshot:
    async with aclosing(ApiClient(settings, clock, contact, transport)) as client:
        try:
            return await client.whole("snapshot", partial(_whole, client, privacy))
        except RefusedError as error:
            raise error.ends_run from None
        except DayError as error:
            raise SnapshotError(client.redacted(str(error))) from None


async def _whole(client: ApiClient, privacy: Privacy, patience: Patience) -> Snapshot:
    return await whole_snapshot(client, patience, privacy)


def _require_same(known: Known, snapshot: Snapshot, account: str) -> None:
    before, found = known.organization_id, snapshot.organization_id
    if before is not None and before != found:
        raise OrganisationError(found, before, account, NAME)
