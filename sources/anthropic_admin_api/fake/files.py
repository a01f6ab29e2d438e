"""The made-up organisation's teams and budgets, as the text of CSV files."""

import datetime as dt
from collections.abc import Iterable

from .organisation import growth
from .people import TEAMS

# USD a month, before growth. The platform team always spends more than that.
BUDGETS = {"Backend": 3000, "Frontend": 1900, "Data": 1000, "Platform": 1500}
KEYS = {"ci-review": "Platform", "nightly-refactor": "Backend"}


def teams_csv() -> str:
    """Who is in which team; contractors and one API key are in none."""
    people = {
        f"{name}@example.com": team
        for team, (_, names) in TEAMS.items()
        for name in names.split()
    }
    lines = [f"{actor},{team}" for actor, team in (people | KEYS).items()]
    return "\n".join(["actor,team", *lines, ""])


def budgets_csv(months: Iterable[dt.date]) -> str:
    """Budgets of some months, each given by its first day; the leads have none."""
    lines = [
        f"team,{team},{month:%Y-%m},{round(amount * growth(month), -2):.0f},USD"
        for month in months
        for team, amount in BUDGETS.items()
    ]
    return "\n".join(["scope,name,month,amount,currency", *lines, ""])
