"""The history of users and keys holds the names that the dataset may hold."""

from datetime import UTC, datetime, timedelta

import pytest

from anthropic_admin_api.fake import DEMO_API_KEY, FakeApi, directory
from anthropic_directory import take
from ccwarehouse.warehouses import open_warehouse
from claude_code_analytics import CLAUDE_CODE, resolve_settings
from loads import load_from, query

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
SECRET = "5f8e0c1d9b7a46352413f0e1d2c3b4a5"
EMAILS = (
    "select count(email), count(distinct email), count(name) from claude_code.users"
)

pytestmark = pytest.mark.slow


@pytest.fixture
def api():
    """The made-up organisation."""
    with FakeApi(now=lambda: NOW) as api:
        yield api


@pytest.fixture
def opened(api, tmp_path):
    """A dataset with days and a snapshot, opened again for each step."""
    database = tmp_path / "usage.duckdb"
    load_from(api, database, now=NOW, views=True)

    def again():
        return open_warehouse("duckdb", database, "claude_code", sole_writer=True)

    again.database = database
    return again


def snapshot(api, warehouse, secret=None):
    given = resolve_settings(base_url=api.url, api_key=DEMO_API_KEY, max_wait=1)
    privacy = warehouse.privacy(secret, begins=False)
    now = api.now()
    return take(warehouse.pipeline, given, lambda: now, privacy=privacy)


def test_a_forgotten_user_has_no_name_and_the_next_snapshot_brings_none(api, opened):
    """Id, role and times stay, so that keys still have somebody who made them."""
    email = directory.users(NOW.date())[0]["email"]
    with opened() as warehouse:
        snapshot(api, warehouse)
        [(before, _, _)] = query_in(warehouse, EMAILS)
        found, _ = warehouse.people(CLAUDE_CODE).forget(email.upper(), drops=False)
        [(after, _, _)] = query_in(warehouse, EMAILS)
        taken = snapshot(api, warehouse)
        places = warehouse.people(CLAUDE_CODE).find(email).places

    assert 1 == found.rows["users"]
    assert (before - 1, 0) == (after, taken.changes)
    assert [] == places


def test_users_get_the_pseudonyms_of_the_usage(api, opened):
    """Their names are left out, and the next snapshot finds nothing changed."""
    with opened() as warehouse:
        snapshot(api, warehouse)
        [(_, before, named)] = query_in(warehouse, EMAILS)
        people = warehouse.people(CLAUDE_CODE, SECRET)
        people.pseudonymise()
        left = people.find_emails().places
        [(_, after, nameless)] = query_in(warehouse, EMAILS)
        api.now = lambda: NOW + timedelta(hours=1)
        taken = snapshot(api, warehouse, SECRET)
    shared = query(
        opened.database,
        "select count(distinct actor__email_address) from claude_code.usage_report"
        " where actor__email_address in (select email from claude_code.users)",
    )

    assert (before, 0, 0) == (after, nameless, taken.changes)
    assert ([], True) == (left, named > 0)
    assert shared[0][0] > 5


def query_in(warehouse, sql):
    with warehouse.client() as client:
        return [tuple(row) for row in client.execute_sql(sql)]
