"""The endpoints of further reports: the bill, the tokens, and who is there."""

import datetime as dt
import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from . import analytics, bill, directory
from .buckets import COST_GROUPS, MESSAGES_GROUPS, buckets
from .lists import Element, listed
from .refusal import RefusedError
from .request import Request
from .rows import rows

ROOT = "/v1/organizations"


def _nothing(*_: object) -> list[Any]:
    return []


@dataclass
class Neighbours:
    """What the endpoints of further reports tell of one organisation.

    costs, messages: the results of a day by all fields, given the day and today.
    analytics_cost, analytics_usage: the rows of a day by all dimensions, likewise.
    users, workspaces, api_keys: all elements as of today, archived ones included.
    members: those of a workspace, given its id and today.
    All may be changed while the server runs.
    """

    organization: Element = field(default_factory=lambda: directory.ORGANIZATION)
    costs: Callable[[dt.date, dt.date], list[dict[str, Any]]] = bill.costs
    messages: Callable[[dt.date, dt.date], list[dict[str, Any]]] = bill.messages
    analytics_cost: Callable[[dt.date, dt.date], list[dict[str, Any]]] = analytics.cost
    analytics_usage: Callable[[dt.date, dt.date], list[dict[str, Any]]] = (
        analytics.usage
    )
    users: Callable[[dt.date], Sequence[Element]] = directory.users
    workspaces: Callable[[dt.date], Sequence[Element]] = directory.workspaces
    members: Callable[[str, dt.date], Sequence[Element]] = directory.members
    api_keys: Callable[[dt.date], Sequence[Element]] = directory.api_keys

    def answer(self, request: Request, now: dt.datetime) -> dict[str, Any]:
        """The reply's body. Raises `RefusedError`."""
        today = now.astimezone(dt.UTC).date()
        match request.path.removeprefix(ROOT):
            case "/me":
                return dict(self.organization)
            case "/cost_report":
                return buckets(request, self.costs, COST_GROUPS, today)
            case "/usage_report/messages":
                return buckets(request, self.messages, MESSAGES_GROUPS, today)
            case "/analytics/cost":
                return rows(request, self.analytics_cost, "cost", today)
            case "/analytics/usage":
                return rows(request, self.analytics_usage, "usage", today)
        elements, key = self._elements(request, today)
        return listed(request.query, elements, key)

    def _elements(
        self, request: Request, today: dt.date
    ) -> tuple[Sequence[Element], str]:
        """The elements of a list, and which of their fields is the cursor."""
        query = request.query
        path = request.path.removeprefix(ROOT)
        if path == "/users":
            return self.users(today), "id"
        if path == "/workspaces":
            with_archived = query.get("include_archived") == "true"
            found = self.workspaces(today)
            return [w for w in found if with_archived or not w["archived_at"]], "id"
        if path == "/api_keys":
            status = query.get("status")
            found = self.api_keys(today)
            return [key for key in found if status in (None, key["status"])], "id"
        if of := re.fullmatch("/workspaces/([^/]+)/members", path):
            return self.members(of[1], today), "user_id"
        raise RefusedError(404, "Not found")


def of_nobody(key: str) -> Neighbours:
    """An organisation of which only an id is told, which follows from the key."""
    own_id = str(uuid.uuid5(uuid.NAMESPACE_OID, key))
    me = {"id": own_id, "name": "", "type": "organization"}
    return Neighbours(me, *[_nothing] * 8)
