"""Made-up raw rows for the marts to read: the same in each run and in each warehouse.

3,000 people, who join over the two years, and 20 API keys. A working day has six times
the records of a weekend's. Every tenth record is another terminal of an earlier one.
"""

from collections.abc import Iterator
from datetime import date

import duckdb

START, DAYS = date(2024, 11, 1), 730
LAST = date(2026, 10, 31)
TEAMS = 20

DRAWN = """
create temp macro chance(number, salt, below) as
    (number + 1) * (2 * salt + 7919) % 4294967291 * 48271 % 2147483647 % below;

create temp table drawn as
with slots as (
    select
        days.day,
        date '{start}' + cast(days.day as integer) as date,
        row_number() over (order by days.day, copies.copy) - 1 as slot,
        count(*) over () as slots
    from range({days}) as days(day), range(6) as copies(copy)
    where copy = 0 or isodow(date '{start}' + cast(days.day as integer)) < 6
),
numbered as (
    select
        *,
        numbers.number,
        case when number % 10 = 9 then number - slots else number end as whose
    from range({records}) as numbers(number)
    inner join slots on numbers.number % slots.slots = slots.slot
)
select
    number,
    date,
    day,
    substr(md5(cast(number as text)), 1, 16) as id,
    number % 50 = 7 as is_key,
    chance(whose, 1, 1500 + 1500 * day // {days}) as person
from numbered
order by date, id
"""

OF_RECORD = """
    'default' as account,
    'organisation' as organization_id,
    drawn.date as date,
    'bench' as _dlt_load_id
"""

RECORDS = f"""
select
    {OF_RECORD},
    id as _dlt_id,
    case when is_key then 'api_actor' else 'user_actor' end as actor__type,
    case
        when not is_key then 'user' || lpad(cast(person as text), 4, '0') || '@x.com'
    end as actor__email_address,
    case when is_key then 'ci-' || cast(person % 20 as text) end
        as actor__api_key_name,
    case when person % 3 = 0 then 'subscription' else 'api' end as customer_type,
    chance(number, 2, 20) = 0 as is_remote,
    ['vscode', 'iTerm.app', 'tmux', 'ghostty', 'cursor', null][
        1 + (person + case when number % 10 = 9 then 1 else 0 end) % 6
    ] as terminal_type,
    1 + chance(number, 3, 9) as core_metrics__num_sessions,
    chance(number, 4, 3000) as core_metrics__lines_of_code__added,
    chance(number, 5, 1000) as core_metrics__lines_of_code__removed,
    chance(number, 6, 9) as core_metrics__commits_by_claude_code,
    chance(number, 7, 3) as core_metrics__pull_requests_by_claude_code
from drawn
"""

ENTRIES = f"""
select
    {OF_RECORD},
    id || '-' || cast(entry as text) as _dlt_id,
    id as _dlt_parent_id,
    entry as _dlt_list_idx,
    ['claude-sonnet-4-5', 'claude-opus-4-5', 'claude-haiku-4-5', 'claude-opus-4-1'][
        1 + (chance(number, 8, 4) + entry) % 4
    ] as model,
    chance(number, 9 + entry, 100000) as tokens__input,
    chance(number, 11 + entry, 10000) as tokens__output,
    chance(number, 13 + entry, 10000000) as tokens__cache_read,
    chance(number, 15 + entry, 100000) as tokens__cache_creation,
    'USD' as estimated_cost__currency,
    chance(number, 17 + entry, 1000000) * cast('0.001' as decimal(4, 3))
        as estimated_cost__amount
from drawn, range(2) as entries(entry)
where entry <= chance(number, 19, 2)
"""

TOOLS = f"""
select
    {OF_RECORD},
    id || '-' || cast(entry as text) as _dlt_id,
    id as _dlt_parent_id,
    ['edit_tool', 'write_tool', 'multi_edit_tool', 'notebook_edit_tool'][
        1 + (chance(number, 20, 3) + entry) % 4
    ] as tool,
    chance(number, 21 + entry, 90) as accepted,
    chance(number, 24 + entry, 10) as rejected
from drawn, range(3) as entries(entry)
where entry <= chance(number, 27, 3)
"""

FETCH = """
    'claude_code' as report,
    'default' as account,
    date,
    date + interval 2 day as fetched_at,
    1 + date_diff('day', date '{start}', date) // 120 as load_number,
    'bench' as _dlt_load_id
"""

FETCHES = f"""
select
    {FETCH},
    'complete' as status,
    date < date '{{last}}' as is_final,
    1 + count(*) // 1000 as pages,
    count(*) as records,
    md5(date || '') as content_hash,
    true as is_changed
from {{raw}}.usage_report
group by date
"""

COUNTS = " union all ".join(
    f"select {FETCH}, '{table}' as table_name,"
    f" count(*) as row_count from {{raw}}.{table} group by date"
    for table in (
        "usage_report",
        "usage_report__model_breakdown",
        "usage_report__tool_actions",
    )
)

SUMS = f"""
select
    {FETCH},
    sum(sessions) as num_sessions,
    sum(cents) as estimated_cost_cents,
    0 as duplicates
from (
    select date, core_metrics__num_sessions as sessions, null as cents
    from {{raw}}.usage_report
    union all
    select date, null as sessions, estimated_cost__amount as cents
    from {{raw}}.usage_report__model_breakdown
)
group by date
"""

LOADS = """
select
    'bench' as load_id,
    'claude_code' as schema_name,
    cast(0 as bigint) as status,
    timestamptz '2026-11-01 00:00:00+00' as inserted_at
"""

TABLES = {
    "usage_report": RECORDS,
    "usage_report__model_breakdown": ENTRIES,
    "usage_report__tool_actions": TOOLS,
    "day_fetches": FETCHES,
    "day_fetches__tables": COUNTS,
    "day_fetches__claude_code": SUMS,
    "_dlt_loads": LOADS,
}


def fill(connection: duckdb.DuckDBPyConnection, raw: str, records: int) -> None:
    """Put this many records, their children and their fetches into the raw tables."""
    given = {"raw": raw, "start": START, "last": LAST, "days": DAYS}
    connection.execute(DRAWN.format(**given, records=records))
    for table, query in TABLES.items():
        rows = query.format(**given)
        connection.execute(f"insert into {raw}.{table} by name {rows}")


def teams() -> str:
    """A file of teams, without the last hundred people; every tenth person moves."""
    lines = ["actor,team,valid_from,valid_to", "ci-0,Team 0,,"]
    for person in range(2_900):
        actor = f"user{person:04}@x.com"
        team, other = person % TEAMS, (person + 7) % TEAMS
        if person % 10:
            lines.append(f"{actor},Team {team},,")
        else:
            lines.append(f"{actor},Team {team},,2026-02-11")
            lines.append(f"{actor},Team {other},2026-02-12,")
    return "\n".join(lines)


def budgets() -> str:
    """A budget of the organisation, and of each team but one, in the last month."""
    return "\n".join(_budgets())


def _budgets() -> Iterator[str]:
    yield "scope,name,month,amount,currency"
    yield "organisation,,2026-10,300000,USD"
    for team in range(TEAMS - 1):
        yield f"team,Team {team},2026-10,15000,USD"
