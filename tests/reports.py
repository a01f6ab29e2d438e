"""Pages of made-up histories, and a page taken apart again."""

import json
from contextlib import contextmanager
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path

import duckdb

from anthropic_admin_api.fake import FakeApi, error
from anthropic_admin_api.fake import organisation as made_up
from ccwarehouse.demo import fill
from ccwarehouse.report import Request, write_report
from ccwarehouse.warehouses import open_warehouse
from inputs import stored
from loads import load_from, record

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
EVIL = """<script>alert(1)</script><img src=x onerror=alert(2)>"'&</title></style>"""
EMPTY = {"br", "circle", "line", "link", "meta", "path", "rect"}


class Parsed(HTMLParser):
    """A page: its elements, its texts, its tables and what is said of charts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.elements: set[str] = set()
        self.attributes: list[tuple[str, str, str | None]] = []
        self.tables: dict[str, list[list[str]]] = {}
        self.hits: list[list] = []
        self.classes: dict[str, list[str]] = {}
        self.inner: dict[str, list[str]] = {}
        self._open: list[tuple[str, str]] = []
        self._texts: list[list[str]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.add(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        given = dict(attrs)
        if "data-hits" in given:
            self.hits.append(json.loads(given["data-hits"]))
        if tag == "table":
            self._rows = []
        if tag == "tr":
            self._rows.append([])
        if tag in ("svg", *EMPTY) and tag in EMPTY:
            return
        self._open.append((tag, given.get("class") or ""))
        self._texts.append([])

    def handle_startendtag(self, tag, attrs):
        self.elements.add(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_data(self, data):
        for texts in self._texts:
            texts.append(data)

    def handle_endtag(self, tag):
        if tag in EMPTY:
            return
        opened, classes = self._open.pop()
        assert opened == tag, (opened, tag)
        said = " ".join("".join(self._texts.pop()).split())
        self.inner.setdefault(tag, []).append(said)
        for name in classes.split():
            self.classes.setdefault(name, []).append(said)
        if tag in ("th", "td") and self._rows:
            self._rows[-1].append(said)
        if tag == "caption":
            self._caption = said
        if tag == "table":
            self.tables[self._caption] = self._rows

    @property
    def tiles(self) -> dict[str, tuple[str, str]]:
        """The value and the change of each figure."""
        labels = self.inner["dt"]
        values, changes = self.classes["value"], self.classes["change"]
        return {
            label: (value, change)
            for label, value, change in zip(labels, values, changes, strict=False)
        }

    @property
    def said(self) -> str:
        """All visible texts on one line."""
        return " ".join(self.classes["page"][0].split())


def page(database: Path, **words) -> Parsed:
    """The page of a database; `month` and others as the request has them."""
    asked = {
        name: words.pop(name)
        for name in ("month", "start", "end", "account")
        if name in words
    }
    file = database.with_suffix(".html")
    with open_warehouse("duckdb", database, "claude_code", read_only=True) as opened:
        write_report(opened, Request(**asked), file, **words)
    return Parsed(file.read_text(encoding="utf-8"))


def loaded(database, usage, start, end, *, failing=(), include_today=False, **settings):
    """A database with the days that `usage` tells, but for the failing ones."""
    with FakeApi(usage, now=lambda: NOW) as api:
        api.fault = lambda request: (
            error(400, "invalid_request_error")
            if request.query["starting_at"] in failing
            else None
        )
        load_from(
            api,
            database,
            start,
            end,
            NOW,
            views=True,
            include_today=include_today,
            **settings,
        )
    return database


def demo(database, destination="duckdb"):
    """The demo's organisation from September on, with teams and budgets."""
    with (
        FakeApi(now=lambda: NOW) as api,
        open_warehouse(
            destination, database, "claude_code", sole_writer=True
        ) as opened,
    ):
        start, end = date(2026, 9, 24), date(2026, 11, 22)
        fill(opened, api.url, start, end, NOW)
    return database


def few(day, **given):
    """Three people, on working days."""
    people = ("ann", "bob", "cy")[: 1 + day.day % 3]
    return [
        record(day.isoformat(), f"{name}@example.com", **given)
        for name in people
        if day.weekday() < 5
    ]


def evil(database):
    """Markup in every text that comes from the API or from a file."""

    def usage(day):
        records = few(day)
        for entry in records:
            entry["terminal_type"] = EVIL
            entry["organization_id"] = EVIL
            entry["actor"]["email_address"] = f"{EVIL}@example.com"
            entry["tool_actions"][EVIL] = {"accepted": 30, "rejected": 3}
            for model in entry["model_breakdown"]:
                model["model"] = f"{EVIL}\u202e\x00"
                model["estimated_cost"]["currency"] = EVIL
        key = record(day.isoformat(), actor={"type": "api_actor", "api_key_name": EVIL})
        return [*records, key, *made_up.usage(day)[:9]]

    loaded(database, usage, "2026-10-12", "2026-11-22")
    cell = EVIL.replace('"', '""')
    stored(
        database,
        teams=f'actor,team\n"{cell}@example.com","{cell}"\n',
        budgets="scope,name,month,amount,currency\n"
        f'team,"{cell}",2026-11,100,USD\nuser,"{cell}@example.com",2026-11,1,USD\n',
    )
    with open_warehouse("duckdb", database, "claude_code", sole_writer=True) as opened:
        opened.build_views()
    return database


@contextmanager
def marts(database):
    """A query on the marts, which gives its one value or its rows."""
    with duckdb.connect(database, read_only=True) as connection:
        connection.execute("set schema = 'claude_code_marts'")

        def ask(query):
            rows = connection.sql(query).fetchall()
            return rows[0][0] if len(rows) == 1 and len(rows[0]) == 1 else rows

        yield ask
