"""Whose key it is: the API tells it of every key."""

from whole_days.patience import Patience

from .client import ApiClient
from .errors import ContractError
from .strict_json import loads_whole

PATH = "/v1/organizations/me"


async def organization_id(client: ApiClient, patience: Patience) -> str:
    """The UUID of the organisation that the key belongs to. Raises `DayError`."""
    return await client.patiently(PATH, {}, patience, _read, admits=False)


def _read(body: bytes) -> str:
    found = loads_whole(body).get("id")
    if not isinstance(found, str) or not found:
        raise ContractError("the reply does not say which organisation the key reads")
    return found
