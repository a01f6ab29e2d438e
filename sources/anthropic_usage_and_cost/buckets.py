"""The buckets of a reply, one for each UTC day, and their results."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from anthropic_admin_api.errors import ContractError
from anthropic_admin_api.strict_json import loads_whole, objects, utc_moment
from whole_days.calendar import ONE_DAY

Result = Mapping[str, Any]


@dataclass(frozen=True)
class Page:
    """One reply: the results of some days, and the cursor of the next page if any.

    `beside` has what the reply holds beyond the contract. `until` is the time up to
    which the API has data, if it says so.
    """

    days: Mapping[date, Sequence[Result]]
    next_page: str | None
    has_more: bool
    beside: Mapping[str, Any]
    until: datetime | None = None


def read(body: bytes) -> Page:
    """A page. Raises `TransientError` and `ContractError`."""
    reply = loads_whole(body)
    buckets = reply.pop("data", None)
    next_page, has_more = paging(reply)
    days: dict[date, Sequence[Result]] = {}
    for bucket in objects(buckets, "data"):
        day = day_of(bucket)
        if day in days:
            raise ContractError(f"the reply holds {day} twice")
        days[day] = objects(bucket.get("results"), "results")
    return Page(days, next_page, has_more, reply)


def paging(reply: dict[str, Any]) -> tuple[str | None, bool]:
    """The cursor of the next page, and whether there is one, taken from the reply."""
    next_page, has_more = reply.pop("next_page", None), reply.pop("has_more", None)
    if not isinstance(next_page, str | None):
        raise ContractError("next_page of the reply is no text")
    if not isinstance(has_more, bool | None):
        raise ContractError("has_more of the reply is neither true nor false")
    return next_page, bool(next_page) if has_more is None else has_more


def day_of(bucket: Mapping[str, Any]) -> date:
    """The UTC day of a bucket or a row, a whole one. Raises `ContractError`."""
    begins, ends = (moment(bucket.get(name)) for name in ("starting_at", "ending_at"))
    midnight = begins.replace(hour=0, minute=0, second=0, microsecond=0)
    if begins != midnight or ends - begins != timedelta(days=1):
        raise ContractError(f"the time from {begins} to {ends} is no UTC day")
    return begins.date()


def moment(value: object) -> datetime:
    """A time of the reply, in UTC. Raises `ContractError`."""
    try:
        return utc_moment(value)
    except ValueError:
        raise ContractError("a time of the reply is none") from None


def require_days(found: Mapping[date, Any], asked: Sequence[date]) -> None:
    """Raise `ContractError` for another day than those asked for."""
    for day in found:
        if day not in asked:
            last = asked[-1] + ONE_DAY
            message = f"the reply for {asked[0]} to {last} holds {day}"
            raise ContractError(message)
