"""Whose data the key reads, and whether the warehouse holds the same one's."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from claude_code_analytics import CLAUDE_CODE
from whole_days.errors import OrganisationError
from whole_days.organisation import Holder
from whole_days.plan import StoredDay

from ..exit_codes import ExitCode
from .finding import Finding, ok, problem, skipped

CHECK = "organisation"


@dataclass(frozen=True)
class Whose:
    """The account in use, and the organisation of the newest record, None without."""

    account: str
    organization: str | None

    def examine(self, stored: Mapping[date, StoredDay]) -> Finding:
        """Held against what is stored of the account."""
        if self.organization is None:
            return skipped(CHECK, "there is no record to tell it by")
        holder = Holder(CLAUDE_CODE.source, self.account, stored)
        try:
            holder.require_known(frozenset([self.organization]))
        except OrganisationError as another:
            return problem(CHECK, ExitCode.CONFIGURATION, str(another))
        return ok(CHECK, self.organization)
