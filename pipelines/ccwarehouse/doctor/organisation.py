"""Which organisation the key reads, and whether the warehouse holds the same one."""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date

from claude_code_analytics import CLAUDE_CODE
from whole_days.errors import OrganisationError
from whole_days.organisation import Holder, others_of
from whole_days.plan import StoredDay

from ..problems import explain
from .finding import Finding, ok, problem, skipped, worth_a_look

CHECK = "organisation"


@dataclass(frozen=True)
class Whose:
    """The account, and the newest record's organisation (None without a record).

    Several accounts are named in texts; one that `is_alone` is not.
    """

    account: str
    organization: str | None
    is_alone: bool = True

    def examine(
        self, stored: Mapping[date, StoredDay], others: Mapping[str, str]
    ) -> Finding:
        """Compare with what is stored of the account, and of others.

        `others` are the organisations that other accounts hold or read, each with one.
        """
        finding = self._judged(Holder(CLAUDE_CODE.source, self.account, stored, others))
        return finding.of_account(self.account, is_alone=self.is_alone)

    def _judged(self, holder: Holder) -> Finding:
        if self.organization is None:
            return skipped(CHECK, "no record was found that names one")
        try:
            holder.require_known(frozenset([self.organization]))
        except OrganisationError as another:
            explained = explain(another, "")
            assert explained
            return problem(CHECK, explained.code, explained.line)
        if other := holder.others.get(self.organization):
            return worth_a_look(
                CHECK,
                f"{self.organization} is in account {other} too: its costs count "
                "twice. Load only one of them, into a new dataset (--dataset).",
            )
        return ok(CHECK, self.organization)


def examine_all(
    accounts: Sequence[Whose],
    stored: Callable[[str], Mapping[date, StoredDay]],
    owners: Mapping[str, Set[str]],
) -> Iterator[Finding]:
    """A finding for each account; what earlier accounts read counts as theirs."""
    held = {organization: set(holders) for organization, holders in owners.items()}
    for whose in accounts:
        others = others_of(whose.account, held)
        yield whose.examine(stored(whose.account), others)
        if whose.organization:
            held.setdefault(whose.organization, set()).add(whose.account)
