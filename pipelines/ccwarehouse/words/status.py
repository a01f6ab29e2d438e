"""What `status` prints, for people and for programs."""

from datetime import date, datetime
from typing import Any

import pendulum

from whole_days.calendar import spans

from ..end import End
from ..exit_codes import ExitCode
from ..status import State, Status, Statuses
from .dates import dates, span, standing_numbers
from .load import shared
from .plan import plan_as_dict, plan_as_lines


def end_of_status(found: Statuses, location: str) -> End:
    """The end of `status`: 4 if days of any account are missing, stale or too old."""
    facts, lines = statuses_as_dict(found, location), statuses_as_lines(found, location)
    if any(each.gaps or each.stale or each.is_too_old for each in found.accounts):
        error = " ".join(all_remarks(found))
        return End(ExitCode.DAYS_FAILED, error, facts, lines, is_answer=True)
    return End(facts=facts, lines=lines, is_answer=True)


def statuses_as_dict(found: Statuses, location: str) -> dict[str, Any]:
    """The status for programs; of several accounts in a list, with sums."""
    of_all = {
        "other_accounts": list(found.others),
        "shared_organizations": dict(found.shared),
        "data": location,
        "data_version": found.version,
        "data_shape": None if found.shape is None else int(found.shape),
    }
    each = [status_as_dict(status) for status in found.accounts]
    if len(each) == 1:
        return each[0] | of_all
    sums = {key: sum(one[key] for one in each) for key in ("gaps", "stale")}
    return {"accounts": each} | sums | of_all


def statuses_as_lines(found: Statuses, location: str) -> list[str]:
    """The status for people, each account under its name if there are several."""
    lines = [f"Data      {location}", f"Written   by ccwarehouse {found.version}"]
    for status in found.accounts:
        if len(found.accounts) > 1:
            lines += ["", f"Account   {status.account}"]
        lines += status_as_lines(status)
    if found.others:
        lines.append(f"Others    {', '.join(found.others)}: stored, without a key here")
    return lines


def all_remarks(found: Statuses) -> list[str]:
    """What someone should look at, each line with its account if there are several."""
    is_one = len(found.accounts) == 1
    lines = [
        line if is_one else f"{status.account}: {line}"
        for status in found.accounts
        for line in remarks(status)
    ]
    shares = found.shared.items()
    return lines + [shared(organization, accounts) for organization, accounts in shares]


def status_as_dict(status: Status) -> dict[str, Any]:
    """The status for programs. Times are ISO strings in UTC, ages are in seconds."""
    now = status.next_load.calendar.now
    stored = status.stored
    return {
        "account": status.account,
        "first_day": _text(stored[0] if stored else None),
        "last_day": _text(stored[-1] if stored else None),
        "last_complete_day": _text(status.next_load.calendar.last_complete),
        "days": {
            state.name.lower(): {"days": len(days), "ranges": _runs(days)}
            for state, days in status.days.items()
        },
        "newest_final_day": _text(status.newest_final),
        "age_hours": None if status.age_hours is None else round(status.age_hours, 2),
        "max_age_hours": status.max_age,
        "is_too_old": status.is_too_old,
        "gaps": len(status.gaps),
        "stale": len(status.stale),
        "rows": dict(status.rows),
        "last_run": _moment(status.last_run, now),
        "last_day_fetched": _moment(status.newest_fetched_at, now),
        "next_load": plan_as_dict(status.next_load),
    }


def status_as_lines(status: Status) -> list[str]:
    """The status for people, ending with what the next load would do."""
    now = status.next_load.calendar.now
    return [
        f"Stored    {_stored(status)}",
        f"Last run  {_ago(status.last_run, now)}",
        f"Final     {_final(status)}",
        "Days",
        *(
            f"  {state:29} {len(days):>9,}  {dates(days)}".rstrip()
            for state, days in status.days.items()
        ),
        "Rows",
        *(f"  {table:29} {count:>9,}" for table, count in status.rows.items()),
        "The next load",
        *(f"  {line}" for line in plan_as_lines(status.next_load)),
    ]


def remarks(status: Status) -> list[str]:
    """What someone should look at, if there is anything."""
    lines = []
    if status.is_too_old:
        lines.append(_too_old(status))
    if not status.next_load.stored:
        return lines or ["nothing is loaded yet. Load: ccwarehouse load"]
    if gaps := status.gaps:
        missing = "1 day is" if len(gaps) == 1 else f"{len(gaps):,} days are"
        lines.append(f"{missing} missing: {dates(gaps)}. Load: ccwarehouse load")
    if failed := status.days[State.REREAD_FAILED]:
        lines.append(_standing(status, failed))
    return lines


def _too_old(status: Status) -> str:
    advice = "See why the last load did not load more, then run: ccwarehouse load"
    if status.age_hours is None:
        return f"No day is final yet, and --max-age wants one. {advice}"
    return (
        f"The newest final day, {status.newest_final}, ended {status.age_hours:,.1f} "
        f"hours ago, more than --max-age {status.max_age:,}. {advice}"
    )


def _standing(status: Status, failed: list[date]) -> str:
    stored, now = status.next_load.stored, status.next_load.calendar.now
    read_at = {day: at for day in failed if (at := stored[day].fetched_at)}
    stand = f"{standing_numbers(read_at, now)}, because no load could fetch them again."
    advice = "Load: ccwarehouse load" if status.stale else "The next load tries again."
    return f"{stand} {advice}"


def _final(status: Status) -> str:
    if status.age_hours is None:
        return "no day"
    return f"through {status.newest_final}, ended {status.age_hours:,.1f} hours ago"


def _stored(status: Status) -> str:
    if not status.stored:
        return "no day"
    read = _ago(status.newest_fetched_at, status.next_load.calendar.now)
    return f"{span(status.stored[0], status.stored[-1])}, the last one fetched {read}"


def _runs(days: list[date]) -> list[dict[str, str]]:
    return [
        {"first": str(first), "last": str(last)} for first, last in spans(sorted(days))
    ]


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _moment(moment: datetime | None, now: datetime) -> dict[str, Any] | None:
    if moment is None:
        return None
    age = round((now - moment).total_seconds())
    return {
        "at": pendulum.instance(moment).in_tz("UTC").isoformat(),
        "age_seconds": age,
    }


def _ago(moment: datetime | None, now: datetime) -> str:
    if moment is None:
        return "never"
    then = pendulum.instance(moment).in_tz("UTC")
    age = then.diff_for_humans(pendulum.instance(now), absolute=True)
    return f"{then:YYYY-MM-DD HH:mm} UTC, {age} ago"
