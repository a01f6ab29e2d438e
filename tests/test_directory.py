"""Who is in an organisation: whole snapshots, and a history of what has changed."""

import json
from datetime import UTC, date, datetime, timedelta

import anyio
import httpx
import pytest

from anthropic_admin_api.client import ApiClient
from anthropic_admin_api.errors import ContractError
from anthropic_admin_api.fake import DEMO_API_KEY, FakeApi, directory, error
from anthropic_admin_api.lists import elements
from anthropic_directory import KINDS, SnapshotError, take
from anthropic_directory.contract import API_KEYS, USERS, WORKSPACES
from anthropic_directory.elements import Snapshot, row_of
from anthropic_directory.versions import Known, changes
from api import Script, settings
from ccwarehouse.warehouses import open_warehouse
from claude_code_analytics import CredentialsError, resolve_settings
from loads import execute, query
from whole_days.clock import ApiClock, utc_now
from whole_days.contact import Contact
from whole_days.errors import OrganisationError
from whole_days.patience import Patience

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
KEY = {
    "id": "apikey_1",
    "created_at": "2026-01-02T03:04:05.678901Z",
    "created_by": {"id": "user_1", "type": "user"},
    "expires_at": None,
    "name": "ci",
    "partial_key_hint": "sk-ant-api03-R2D...igAA",
    "principal": None,
    "status": "active",
    "type": "api_key",
    "workspace_id": None,
}


# rows


def test_a_key_is_stored_without_any_part_of_its_secret():
    """With whose it is, and null where nobody is named."""
    row = row_of(API_KEYS, KEY)
    row.pop("content_hash")

    assert {
        "api_key_id": "apikey_1",
        "name": "ci",
        "status": "active",
        "workspace_id": None,
        "created_by_id": "user_1",
        "created_by_type": "user",
        "principal_id": None,
        "principal_type": None,
        "created_at": datetime(2026, 1, 2, 3, 4, 5, 678901, UTC),
        "expires_at": None,
        "other_fields": None,
    } == row


def test_further_fields_are_kept():
    """Those of nested objects too; tags are JSON."""
    key = KEY | {"created_by": {"id": "u", "type": "user", "via": "sso"}, "scopes": [1]}
    workspace = {"id": "w", "name": "W", "tags": {"team": "a"}, "display_color": "#fff"}

    assert {"created_by": {"via": "sso"}, "scopes": [1]} == json.loads(
        row_of(API_KEYS, key)["other_fields"]
    )
    row = row_of(WORKSPACES, workspace)
    assert ('{"team": "a"}', '{"display_color": "#fff"}') == (
        row["tags"],
        row["other_fields"],
    )


@pytest.mark.parametrize(
    "fault", [{"id": None}, {"created_at": "soon"}, {"name": 7}, {"created_by": "me"}]
)
def test_what_cannot_be_stored_is_refused(fault):
    """No value is quoted."""
    with pytest.raises(ContractError, match="element"):
        row_of(API_KEYS, KEY | fault)


# versions


def snapshot(org="org", **names):
    """A snapshot of users, by id and name."""
    rows = {kind.table.name: {} for kind in KINDS}
    rows["users"] = {
        (user,): row_of(USERS, {"id": user, "name": name})
        for user, name in names.items()
    }
    return Snapshot(org, rows)


def after(*snapshots):
    """The users' rows that each snapshot appends to those before."""
    return [
        [(row["user_id"], row.get("name")) for row in rows]
        for rows in appended_by(*snapshots)
    ]


def appended_by(*snapshots):
    """The same with all columns."""
    known, appended = Known(), []
    hashes = {}
    for each in snapshots:
        found = changes(each, known, "default", NOW)["users"]
        hashes |= {
            (row["organization_id"], row["user_id"]): row.get("content_hash")
            for row in found
        }
        known = Known(known.number + 1, each.organization_id, {"users": dict(hashes)})
        appended.append(found)
    return appended


def test_only_what_has_changed_is_appended():
    """New, renamed, removed and returned; a removed one is removed once."""
    assert [
        [("a", "Ann"), ("b", "Bob")],
        [],
        [("b", "Rob"), ("c", "Cy")],
        [("a", None)],
        [],
        [("a", "Ann")],
    ] == after(
        snapshot(a="Ann", b="Bob"),
        snapshot(a="Ann", b="Bob"),
        snapshot(a="Ann", b="Rob", c="Cy"),
        snapshot(b="Rob", c="Cy"),
        snapshot(b="Rob", c="Cy"),
        snapshot(a="Ann", b="Rob", c="Cy"),
    )


def test_elements_of_the_organisation_before_end_and_equal_ids_of_the_new_are_stored():
    """A removal is of the organisation that had the element, and comes once."""
    found = appended_by(snapshot(a="Ann", b="Bob"), *[snapshot("new", a="Ann")] * 2)

    assert [
        ("new", "a", "Ann", False),
        ("org", "a", None, True),
        ("org", "b", None, True),
    ] == [
        (row["organization_id"], row["user_id"], row.get("name"), row["is_removed"])
        for row in found[1]
    ]
    assert [] == found[2]


# lists


def listed(api):
    """The elements of a list over this server."""

    async def read():
        client = ApiClient(
            settings(),
            ApiClock(utc_now),
            Contact(),
            httpx.MockTransport(api),
        )
        return await elements(client, "/v1/organizations/users", Patience(1))

    return [element["id"] for element in anyio.run(read)]


def reply(*ids, **more):
    """A page of a list."""
    return {"json": {"data": [{"id": one} for one in ids], **more}, "status_code": 200}


STYLES = {
    "ids": [
        reply("a", "b", has_more=True, first_id="a", last_id="b"),
        reply("c", has_more=False, first_id="c", last_id="c"),
    ],
    "pages": [
        reply("a", "b", has_more=True, next_page="b"),
        reply("c", has_more=False, next_page=None),
    ],
    "pages without has_more": [
        reply("a", "b", next_page="b"),
        reply("c", next_page=None),
    ],
}


@pytest.mark.parametrize("style", STYLES)
def test_a_list_comes_whole_in_either_style(style):
    """The reply says which cursor it wants."""
    api = Script(*STYLES[style])

    assert ["a", "b", "c"] == listed(api)
    assert [None, "b"] == api.asked("after_id" if style == "ids" else "page")


@pytest.mark.parametrize(
    "page",
    [
        reply("a", has_more=True, first_id="a", last_id=None),
        reply("a", has_more=True, first_id="a", last_id="a"),
        reply("a"),
        {"json": {"data": ["a"], "has_more": False}, "status_code": 200},
        {
            "content": b'{"data": [{"id": "\\ud800"}], "has_more": false}',
            **{"status_code": 200},
        },
    ],
)
def test_a_list_without_end_or_shape_is_refused(page):
    """It would be taken for whole otherwise."""
    with pytest.raises(ContractError):
        listed(Script(page))


# snapshots in a warehouse


@pytest.fixture
def api():
    """The made-up organisation."""
    with FakeApi(now=lambda: NOW) as api:
        yield api


@pytest.fixture
def snap(api, tmp_path):
    """Take a snapshot some days later: what became of it."""
    database = tmp_path / "usage.duckdb"

    def taken(days=0, **how):
        now = NOW + timedelta(days)
        api.now = lambda: now
        given = resolve_settings(base_url=api.url, api_key=DEMO_API_KEY, max_wait=1)
        with open_warehouse(
            "duckdb", database, "claude_code", sole_writer=True
        ) as warehouse:
            return take(warehouse.pipeline, given, lambda: now, **how)

    taken.database = database
    return taken


def current(database, table, key):
    """The last version of each element that is not removed."""
    found = query(
        database,
        f"""
        select {key}, is_removed from claude_code.{table}
        join claude_code._dlt_loads as loads
            on loads.load_id = {table}._dlt_load_id and loads.status = 0
        qualify row_number() over (
            partition by {key} order by snapshot_number desc
        ) = 1
        """,
    )
    return {key for key, is_removed in found if not is_removed}


@pytest.mark.slow
def test_a_snapshot_has_everybody_and_every_key(snap):
    """Asked for by status, and with archived workspaces."""
    taken = snap()
    today = NOW.date()

    assert taken.elements == taken.changes
    for table, key, told in (
        ("users", "user_id", directory.users(today)),
        ("api_keys", "api_key_id", directory.api_keys(today)),
        ("workspaces", "workspace_id", directory.workspaces(today)),
    ):
        assert {one["id"] for one in told} == current(snap.database, table, key)
    assert [(directory.ORGANIZATION["id"], "Example Software", False)] == query(
        snap.database,
        "select organization_id, name, is_removed from claude_code.organizations",
    )


@pytest.mark.slow
def test_who_has_left_can_still_be_found(snap):
    """A contractor leaves within three weeks; a quiet night stores nothing."""
    snap()
    unchanged = snap(1)
    later = snap(21)
    users = [
        {user["id"] for user in directory.users(NOW.date() + timedelta(days))}
        for days in (0, 21)
    ]
    (gone,) = users[0] - users[1]
    versions = f"""
        select email is not null, is_removed, snapshot_number from claude_code.users
        where user_id = '{gone}' order by snapshot_number
    """

    assert 0 == unchanged.changes < later.changes
    assert [(True, False, 1), (False, True, 3)] == query(snap.database, versions)
    assert users[1] == current(snap.database, "users", "user_id")


@pytest.mark.slow
def test_an_archived_key_keeps_its_earlier_versions(snap):
    """Its owner is named in both."""
    snap()
    snap(126)  # six contractors have come and gone
    versions = """
        select
            string_agg(status, ' ' order by snapshot_number),
            count(distinct created_by_id)
        from claude_code.api_keys
        group by api_key_id having count(*) > 1
    """

    assert {("active archived", 1)} == set(query(snap.database, versions))
    assert {
        key["id"] for key in directory.api_keys(NOW.date() + timedelta(126))
    } == current(snap.database, "api_keys", "api_key_id")


@pytest.mark.slow
@pytest.mark.parametrize("path", ["users", "/members", "api_keys"])
def test_a_list_that_fails_leaves_everything_as_it_is(snap, api, path):
    """Nothing of the other lists is stored either."""
    snap()
    before = query(snap.database, "from claude_code.users")
    api.fault = lambda request: error(500, "no luck") if path in request.path else None
    with pytest.raises(SnapshotError, match=r"no luck.* The next load"):
        snap(40)

    assert before == query(snap.database, "from claude_code.users")
    assert [(1,)] == query(snap.database, "select count(*) from claude_code.snapshots")


@pytest.mark.slow
def test_rows_of_a_load_that_was_killed_do_not_count(snap):
    """The next snapshot stores the same changes under the same number."""
    snap()
    stored = current(snap.database, "users", "user_id")
    execute(snap.database, "update claude_code._dlt_loads set load_id = 'lost'")
    again = snap()

    assert again.elements == again.changes
    assert stored == current(snap.database, "users", "user_id")


@pytest.mark.slow
def test_another_organisation_is_refused(snap, api):
    """Unless it may replace the one before; then all of that are removed."""
    snap()
    before = current(snap.database, "users", "user_id")
    api.neighbours.organization = {"id": "another", "type": "organization"}
    api.neighbours.users = lambda _: directory.users(date(2026, 1, 5))
    with pytest.raises(OrganisationError):
        snap()

    assert before == current(snap.database, "users", "user_id")

    snap(may_change=True)
    users = {user["id"] for user in directory.users(date(2026, 1, 5))}

    assert users == current(snap.database, "users", "user_id")
    assert {"another"} == current(snap.database, "organizations", "organization_id")


@pytest.mark.slow
def test_a_key_that_may_not_read_them_is_told_so(snap, api):
    """As for the reports."""
    api.fault = lambda _: error(403, "not for you")
    with pytest.raises(CredentialsError, match="not for you"):
        snap()
