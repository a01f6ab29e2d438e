"""Whose key it is: the API tells it of every key."""

from collections.abc import Mapping
from typing import Any

from whole_days.patience import Patience

from .client import ApiClient
from .errors import ContractError
from .strict_json import loads_whole

PATH = "/v1/organizations/me"


async def organization(client: ApiClient, patience: Patience) -> Mapping[str, Any]:
    """The organisation that the key belongs to; `id` is its UUID. Raises `DayError`."""
    return await client.patiently(PATH, {}, patience, _read, admits=False)


def _read(body: bytes) -> Mapping[str, Any]:
    found = loads_whole(body)
    if not isinstance(found.get("id"), str) or not found["id"]:
        raise ContractError("the reply does not say which organisation the key reads")
    return found
