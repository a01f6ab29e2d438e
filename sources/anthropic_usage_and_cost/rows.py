"""The rows of a reply, each for a UTC day and a group: `group` says whose it is.

Unverified: built to the published reference, and never tried with a live key.
"""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, Final

from anthropic_admin_api.errors import ContractError
from anthropic_admin_api.strict_json import loads_whole, objects

from .buckets import Page, Result, day_of, moment, paging
from .tables import leaves

TIMES: Final = ("starting_at", "ending_at")

# Of an actor that is a person, these are not stored. The directory has them by the
# person's id, as the privacy settings want. They tell of now and not of the day.
LEFT_OUT: Final = frozenset(
    f"actor__{name}" for name in ("email", "email_address", "name", "deleted")
)


def read(body: bytes, metrics: str, known: Collection[str]) -> Page:
    """A page. `metrics` names the numbers of a row, `known` are the columns.

    Raises `TransientError` and `ContractError`.
    """
    reply = loads_whole(body)
    found, refreshed = reply.pop("data", None), reply.pop("data_refreshed_at", None)
    next_page, has_more = paging(reply)
    until = None if refreshed is None else moment(refreshed)
    days: dict[date, list[Result]] = {}
    for row in objects(found, "data"):
        days.setdefault(day_of(row), []).append(_flat(row, metrics, known))
    return Page(days, next_page, has_more, reply, until)


def _flat(row: Mapping[str, Any], metrics: str, known: Collection[str]) -> Result:
    """The values by column; one beyond the contract by its path in the row."""
    for name in ("group", metrics):
        if not isinstance(row.get(name), dict):
            raise ContractError(f"a row of the reply has no {name}")
    flat: dict[str, Any] = {}
    for path, value in leaves(row):
        name = path.removeprefix("group__").removeprefix(f"{metrics}__")
        if path in TIMES or name in LEFT_OUT:
            continue
        name = name if name in known else path
        if name in flat:
            raise ContractError(f"a row of the reply has {name} twice")
        flat[name] = value
    return flat
