"""Running sums of who comes and goes count the same people as sets do."""

import datetime as dt

import pytest

from cases import DEFAULTS, LOADS
from engines import RAW_TABLES
from soak import dice, sample

FIRST = dt.date(2025, 9, 1)
DAYS = [FIRST + dt.timedelta(number) for number in range(75)]


class History:
    """Visits of some people; some days were not fetched."""

    def __init__(self, chance):
        self.fetched = [day for day in DAYS if day == FIRST or chance.random() < 0.99]
        self.visits = {day: set() for day in DAYS}
        for person in range(12):
            eager = chance.choice([0.01, 0.03, 0.3])
            for day in self.fetched:
                if chance.random() < eager:
                    self.visits[day].add(f"{person}@example.com")

    def rows(self):
        """The rows of every raw table."""
        ledger = [
            DEFAULTS | {"date": day, "status": "complete", "is_final": True}
            for day in self.fetched
        ]
        visits = [(day, person) for day in DAYS for person in self.visits[day]]
        usage = [
            {
                **DEFAULTS,
                "_dlt_id": str(number),
                "date": day,
                "actor__type": "user_actor",
                "actor__email_address": person,
            }
            for number, (day, person) in enumerate(visits)
        ]
        given = {"day_fetches": ledger, "usage_report": usage, "_dlt_loads": LOADS}
        return {table: [] for table in RAW_TABLES} | given

    def people(self, day, days):
        """Who was active in these days; None if one of them was not fetched."""
        window = [day - dt.timedelta(ago) for ago in range(days)]
        if not {*window} <= {*self.fetched}:
            return None
        return set().union(*(self.visits[one] for one in window))

    def stages(self, day):
        """New, returning, resurrected and dormant people; None where unknown."""
        if day < FIRST + dt.timedelta(28):
            return None, None, None, None
        active = self.visits[day]
        ago = {
            person: (day - max(days)).days
            for person in set().union(*self.visits.values())
            if (days := [d for d in DAYS if d < day and person in self.visits[d]])
        }
        return (
            len(active - ago.keys()),
            len({person for person in active & ago.keys() if ago[person] <= 28}),
            len({person for person in active & ago.keys() if ago[person] > 28}),
            len({person for person in ago.keys() - active if ago[person] == 28}),
        )

    def expected(self):
        """The expected rows of the view, from the first record on."""
        begun = min(day for day in DAYS if self.visits[day])
        return [
            (
                day,
                len(self.visits[day]),
                *(count(self.people(day, days)) for days in (7, 28)),
                *self.stages(day),
            )
            for day in self.fetched
            if day >= begun
        ]


def count(people):
    return None if people is None else len(people)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(sample(quick=3, soak=100)))
def test_people_are_counted_as_sets_would(number, duckdb_engine):
    """The counts are right on each day, with missing days and people who return."""
    history = History(dice(f"adoption {number}"))
    duckdb_engine.fill(history.rows())

    actual = duckdb_engine.ask(
        "select date, dau, wau, mau, new_users, returning_users, resurrected_users,"
        " dormant_users from claude_code_marts.adoption_daily order by date"
    )

    assert history.expected() == actual
    assert set() == duckdb_engine.broken(further=False)
