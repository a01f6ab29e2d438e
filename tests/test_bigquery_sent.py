"""The requests to BigQuery that create, fill, replace and describe tables."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from anthropic_admin_api.fake import DEMO_API_KEY
from api import fetch_days
from ccwarehouse.warehouses import open_warehouse
from claude_code_analytics import CLAUDE_CODE, resolve_settings
from claude_code_marts import models
from emulator import LOCATION, PROJECT
from loads import NOON, History, record, served
from whole_days.calendar import Calendar
from whole_days.package import packed

TABLES = CLAUDE_CODE.all_tables

CLUSTERS = {
    "usage_report": "`organization_id`, `actor__email_address`",
    "usage_report__model_breakdown": "`organization_id`, `model`",
    "usage_report__tool_actions": "`organization_id`, `tool`",
}
CALENDAR = Calendar(NOON, timedelta(minutes=90))
STORED, VIEWS = f"`{PROJECT}`.`sent`", f"`{PROJECT}`.`sent_marts`"
DAYS = ["2026-03-01", "2026-03-02", "2026-03-04"]
YEARS = ["2022-03-01", "2023-03-01", "2024-02-29", "2025-03-01", *DAYS]
REPLACED = (
    "account = 'default' AND (date BETWEEN DATE '2026-03-01' AND DATE '2026-03-02'"
    " OR date BETWEEN DATE '2026-03-04' AND DATE '2026-03-04')"
)


@pytest.fixture(scope="module")
def requests(bigquery_service):
    """The requests that store four years, and those that replace three days of them."""
    history = History({day: [record(day)] for day in YEARS})

    def write(days):
        settings = resolve_settings(base_url=api.url, api_key=DEMO_API_KEY)
        with open_warehouse("bigquery", Path("none"), "sent") as warehouse:
            fetches = fetch_days(map(date.fromisoformat, days), settings)
            stored = warehouse.stored(CLAUDE_CODE, "default")
            warehouse.write(packed(CLAUDE_CODE, "default", fetches, stored, CALENDAR))
            if stored:
                warehouse.build_views()
        sent, bigquery_service.sent = bigquery_service.sent, []
        return sent

    bigquery_service.reset()
    with pytest.MonkeyPatch.context() as patch, served(history) as api:
        for name, value in bigquery_service.environment().items():
            patch.setenv(name, value)
        first = write(YEARS)
        history |= {day: [record(day, "other@example.com")] for day in DAYS}
        return first, write(DAYS)


@pytest.fixture(scope="module")
def making(requests):
    """All requests of the first load."""
    return requests[0]


@pytest.fixture(scope="module")
def replacing(requests):
    """All requests that replace three days of four years."""
    return requests[1]


def created(sent, table):
    """The statement that made a stored table."""
    made = [sql for request in sent for sql in re.split(";\\s*(?=CREATE)", request.sql)]
    (sql,) = (sql for sql in made if f"CREATE TABLE {STORED}.`{table}` (" in sql)
    return sql


@pytest.mark.parametrize("table", CLUSTERS)
def test_tables_are_partitioned_by_day_and_clustered(making, table):
    """By day, then clustered by organisation and by email, model or tool."""
    laid_out = f")\nPARTITION BY `date`\nCLUSTER BY {CLUSTERS[table]}\n"

    assert laid_out in created(making, table)


@pytest.mark.parametrize("table", ["day_fetches", "day_fetches__unknowns"])
def test_the_ledger_lies_in_one_piece(making, table):
    """It has no partitions: it is small and always read whole."""
    assert not re.search("PARTITION|CLUSTER", created(making, table))


@pytest.mark.parametrize("table", TABLES)
def test_tables_and_columns_are_made_with_their_descriptions(making, table):
    """Also descriptions with apostrophes."""
    description, columns = (
        TABLES[table].description,
        TABLES[table].descriptions,
    )
    texts = re.findall(r"description='((?:\\.|[^'\\])*)'", created(making, table))

    assert [*columns.values(), description] == [
        text.replace("\\'", "'") for text in texts
    ]


def test_money_has_all_its_places(making):
    """38 digits, 24 of them decimal places: more than NUMERIC holds."""
    sql = created(making, "usage_report__model_breakdown")
    ledger = created(making, "day_fetches__claude_code")

    assert "`estimated_cost__amount` BIGNUMERIC(38,24)" in sql
    assert "`estimated_cost_cents` BIGNUMERIC(38,24)" in ledger


def test_rows_are_loaded_as_parquet_into_tables_that_are_there(making):
    """No schema is guessed, no row is skipped, and a decimal may be a BIGNUMERIC."""
    jobs = [job for sent in making for job in load_jobs(sent)]
    ours = [job for job in jobs if job["destinationTable"]["tableId"] in TABLES]

    assert {*TABLES} == {job["destinationTable"]["tableId"] for job in ours}
    for job in ours:
        assert "PARQUET" == job["sourceFormat"]
        assert ["NUMERIC", "BIGNUMERIC"] == job["decimalTargetTypes"]
        assert ("CREATE_NEVER", False) == (job["createDisposition"], job["autodetect"])
        assert (0, False) == (job["maxBadRecords"], job["ignoreUnknownValues"])


def load_jobs(sent):
    """The load job a request asks for, in a list."""
    config = sent.body.get("configuration", {})
    return [config["load"]] if "load" in config else []


def test_everything_is_done_in_one_place(making, replacing):
    """Datasets, queries and load jobs use the configured location."""
    bodies = [sent.body for sent in [*making, *replacing] if sent.body]
    places = {body["location"] for body in bodies if "location" in body}
    jobs = {
        body["jobReference"]["location"] for body in bodies if "jobReference" in body
    }
    datasets = [
        body["datasetReference"]["datasetId"]
        for body in bodies
        if "datasetReference" in body
    ]

    assert ({LOCATION}, {LOCATION}) == (places, jobs)
    assert ["sent", "sent_marts", "sent_staging"] == sorted(datasets)
    assert [] == [
        body for body in bodies if not {"location", "jobReference"} & body.keys()
    ]


@pytest.mark.parametrize("table", CLUSTERS)
def test_a_replacement_touches_the_partitions_of_its_days_only(replacing, table):
    """The delete names them as literals; what is inserted comes from staged rows."""
    target = f"{STORED}.`{table}`"
    statements = [
        statement.strip()
        for sent in replacing
        for statement in sent.sql.split(";")
        if target in statement
        and not sent.sql.startswith(("create or", "select", "\n"))
    ]
    delete, insert = statements

    assert f"DELETE FROM {target} WHERE {REPLACED}" == delete
    assert insert.startswith(f"INSERT INTO {target}(")
    assert insert.endswith(f"FROM `{PROJECT}`.`sent_staging`.`{table}` WHERE 1 = 1")


def test_the_schema_is_stored_with_the_first_load_only(making, replacing):
    """It does not contain the replaced days; the staging dataset has its own schema."""
    stored = [
        [
            dataset
            for request in sent
            for dataset in re.findall(
                rf"INSERT INTO `{PROJECT}`\.`(\w+)`\.`_dlt_version`", request.sql
            )
        ]
        for sent in (making, replacing)
    ]

    assert [["sent"], ["sent_staging"]] == stored


def escaped(text):
    """A text as it is written between BigQuery's quotes."""
    return text.replace("'", "\\'")


def test_views_are_made_with_their_descriptions(replacing):
    """In place, in their own dataset, and after the views that they read."""
    made = [
        request.sql.partition(" as\n")[0]
        for request in replacing
        if request.sql.startswith("create or replace view")
    ]
    wanted = [
        f"create or replace view {VIEWS}.`{view.name}` (\n{described(view)}\n)"
        f" options (description = '{escaped(view.description)}')"
        for view in models()
    ]

    assert wanted == made


def described(view):
    """Each column of a view with its description."""
    return ",\n".join(
        f"    `{column}` options (description = '{escaped(text)}')"
        for column, text in view.columns.items()
    )


def test_views_name_their_project(replacing):
    """A name without a project would mean the reader's project."""
    for request in replacing:
        if request.sql.startswith("create or replace view"):
            read = re.findall(r"(?:FROM|JOIN) (\S+`)", request.sql)
            relations = [name for name in read if "." in name]
            assert relations
            assert {PROJECT} == {name.split(".")[0].strip("`") for name in relations}
