"""Take people out of a dataset: forget one, give all pseudonyms, sum old days.

Each first notes in the dataset what it is about to do, so that later loads keep to it.
After a kill each can be run again, and goes on where it was.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

import dlt

from whole_days.ledger import read_stored
from whole_days.privacy import Privacy
from whole_days.report import Report

from . import naming_tables, people
from . import privacy as remembered
from .engines import dialect_of
from .errors import NobodyError, NothingLoadedError
from .facts import read_facts
from .other import Client, Engine
from .people import Days, Traces
from .rewriting import rewrite_days
from .search import Found, has_email, names, search

NOBODY: Final = (
    "Nobody of this name is in dataset {dataset}, and none was forgotten. Check how it "
    "is written; A to Z count as lower case."
)
NOTHING: Final = (
    "dataset {dataset} holds no usage yet. Load first: pseudonyms begin with the load "
    "(`ccwarehouse load`)"
)


@dataclass(frozen=True)
class People:
    """The people of a report in a dataset. `secret` is that of the settings."""

    pipeline: dlt.Pipeline
    engine: Engine
    report: Report[Any]
    secret: str | None = field(default=None, repr=False)

    def traces(self, name: str) -> Traces:
        """Where a person is. Raises `NobodyError`, and `PrivacyError`."""
        with self._client() as client:
            return self._traces(client, name)

    def forget(self, name: str, *, drops: bool) -> tuple[Traces, int]:
        """Make a person's rows nameless, or drop them, and remember it.

        Returns what there was, and the number of days written anew. Raises
        `NobodyError` and `PrivacyError` before anything is written.
        """
        with self._writing() as client:
            found = self._traces(client, name)
            before = remembered.read_privacy(client, self.secret)
            stored_name = before.stored_name(name)
            remembered.note_forgotten(client, stored_name, drops=drops)
            privacy = remembered.read_privacy(client, self.secret)
            days = self._rewrite(client, found.days, privacy)
            naming_tables.remake(client, privacy)
            people.remove_from_files(client, stored_name)
            people.withhold_examples(client, self.report)
            for each in {name, stored_name}:
                people.withhold_texts(client, self.report, names(each))
            people.empty_staging(client, self.report)
            dialect_of(client).compact(client)
            return found, days

    def pseudonymise(self) -> int:
        """Give all people pseudonyms; returns the number of days written anew.

        Raises `PrivacyError` if the dataset was begun with another secret.
        """
        assert self.secret
        with self._writing() as client:
            if not remembered.is_begun(client):
                dataset = client.dataset_name
                raise NothingLoadedError(NOTHING.format(dataset=dataset))
            facts = read_facts(client)
            remembered.require_same_secret(client, facts, self.secret)
            remembered.note_unfinished(client)
            remembered.note_secret(client, self.secret)
            privacy = remembered.of_facts(facts, self.secret)
            every_day = people.all_days(client, self.report)
            days = self._rewrite(client, every_day, privacy)
            naming_tables.remake(client, privacy)
            people.rename_in_files(client, privacy.of_stored())
            people.withhold_examples(client, self.report)
            people.withhold_texts(client, self.report, has_email)
            people.empty_staging(client, self.report)
            dialect_of(client).compact(client)
            remembered.note_finished(client)
            return days

    def sum_days(self, first: date | None) -> int:
        """Make sums of all days before `first`; returns how many it wrote anew.

        Days that an earlier call was to make sums become so too, even with None.
        """
        with self._client() as client:
            before = remembered.of_facts(read_facts(client), self.secret)
            known = before.people_from
            first = max(filter(None, (first, known)), default=None)
            if first is None:
                return 0
            days = people.summed_days(client, self.report, first)
        if not days and first == known:
            return 0
        with self._writing() as client:
            remembered.note_people_from(client, first)
            people.withhold_examples(client, self.report, first)
            return self._rewrite(client, days, replace(before, people_from=first))

    def find(self, name: str) -> Found:
        """Search everything for a person, also for the pseudonym."""
        with self._client() as client:
            privacy = remembered.of_facts(read_facts(client), self.secret)
            found = search(client, name, names(name))
            other = privacy.stored_name(name)
            if other != name:
                more = search(client, other, names(other))
                found = replace(found, places=[*found.places, *more.places])
            return found

    def find_emails(self) -> Found:
        """Search everything for emails that are no pseudonyms."""
        with self._client() as client:
            return search(client, "@", has_email)

    def namesakes(self, name: str) -> list[str]:
        """The stored names that a name is a part of."""
        with self._client() as client:
            return people.namesakes(client, self.report, name)

    def _traces(self, client: Client, name: str) -> Traces:
        if not remembered.is_begun(client):
            raise NobodyError(NOBODY.format(dataset=client.dataset_name))
        privacy = remembered.read_privacy(client, self.secret)
        found = people.traces(client, self.report, privacy.stored_name(name))
        if not (found.counts or found.days or privacy.fate(name) is not None):
            raise NobodyError(NOBODY.format(dataset=client.dataset_name))
        return found

    def _rewrite(self, client: Client, days: Days, privacy: Privacy) -> int:
        changed = 0
        for account, own in sorted(days.items()):
            stored = read_stored(self.pipeline, self.report, account)
            changed += len(
                rewrite_days(
                    client,
                    self.report,
                    account,
                    stored,
                    own,
                    privacy,
                    self.engine.storing_marts,
                )
            )
        return changed

    @contextmanager
    def _client(self) -> Iterator[Client]:
        self.engine.require()
        with self.pipeline.sql_client() as client:
            yield client

    @contextmanager
    def _writing(self) -> Iterator[Client]:
        with (
            self._client() as client,
            self.engine.writing(self.pipeline, replaces=True),
        ):
            yield client
