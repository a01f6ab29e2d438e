"""Which organisation the key reads, and whether the warehouse holds the same one."""

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
    """The account, and the newest record's organisation (None without a record)."""

    account: str
    organization: str | None

    def examine(self, stored: Mapping[date, StoredDay]) -> Finding:
        """Compare with the organisations that are stored for the account."""
        if self.organization is None:
            return skipped(CHECK, "no record was found that names one")
        holder = Holder(CLAUDE_CODE.source, self.account, stored)
        try:
            holder.require_known(frozenset([self.organization]))
        except OrganisationError as another:
            return problem(CHECK, ExitCode.CONFIGURATION, str(another))
        return ok(CHECK, self.organization)
