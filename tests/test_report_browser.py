"""The report in a browser: for everybody, on any screen, and with no one else asked."""

import os
import shutil
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import sync_playwright

from reports import EVIL, demo, evil, page

pytestmark = pytest.mark.slow

NAMES = ("chromium", "chromium-browser", "google-chrome")
FOUND = filter(None, map(shutil.which, NAMES))
CHROMIUM = os.environ.get("CHROMIUM") or next(FOUND, None)
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
WIDTHS, SCHEMES = (390, 1400), ("light", "dark")


@pytest.fixture(scope="module")
def browser():
    if not CHROMIUM:
        pytest.skip("There is no Chromium. Install it: apt-get install chromium")
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-dev-shm-usage"]
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield started
        started.close()


@pytest.fixture(scope="module")
def pages(browser, tmp_path_factory):
    """The demo's page, and one with markup in all texts."""
    folder = tmp_path_factory.mktemp("pages")
    databases = {"demo": demo(folder / "demo.duckdb")}
    databases["hostile"] = evil(folder / "hostile.duckdb")
    for database in databases.values():
        page(database, title=EVIL)
    return {name: file.with_suffix(".html") for name, file in databases.items()}


@pytest.fixture
def opened(browser, pages):
    """A page as somebody has it before them, and what it does unasked."""
    contexts = []

    def see(name, width=1400, scheme="light", **more):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, **more
        )
        contexts.append(context)
        view = context.new_page()
        view.unasked = []
        for event in ("console", "pageerror", "dialog", "request"):
            view.on(event, lambda told, event=event: view.unasked.append((event, told)))
        view.goto(pages[name].as_uri())
        return view

    yield see
    for context in contexts:
        context.close()


@pytest.mark.parametrize("name", ["demo", "hostile"])
def test_it_asks_no_one_and_does_nothing_unasked(opened, name):
    """One request, which is the file; no line on the console and no dialog."""
    view = opened(name)
    view.wait_for_timeout(200)

    assert ["request"] == [event for event, _ in view.unasked]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["demo", "hostile"])
def test_everybody_can_read_it(opened, name, width, scheme):
    """axe finds nothing with the tables open, and nothing scrolls sideways."""
    view = opened(name, width, scheme, bypass_csp=True)
    view.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
    view.evaluate(AXE.read_text(encoding="utf-8"))
    found = view.evaluate(f"axe.run({{runOnly: {RULES}, resultTypes: ['violations']}})")
    broken = [(rule["id"], rule["nodes"][0]["html"]) for rule in found["violations"]]

    assert [] == broken
    assert width == view.evaluate("document.documentElement.scrollWidth")


def test_arrow_keys_read_a_chart_aloud(opened):
    """From either end; Escape hides what is shown."""
    view = opened("demo")
    plot = view.locator(".plot").first
    plot.focus()
    view.keyboard.press("ArrowLeft")
    last = view.locator("#live").text_content()
    view.keyboard.press("Home")
    view.keyboard.press("ArrowRight")
    second = view.locator("#live").text_content()
    is_shown = plot.locator(".tip").is_visible()
    view.keyboard.press("Escape")

    assert last.startswith("Sun 22 Nov: Total $")
    assert second.startswith("Fri 25 Sep: Total $")
    assert (True, False) == (is_shown, plot.locator(".tip").is_visible())


def test_pointing_at_a_day_shows_what_the_table_says(opened):
    """As text, inside the window on a phone as well."""
    view = opened("hostile", 390)
    plot = view.locator(".plot").first
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    view.mouse.move(box["x"] + box["width"] - 2, box["y"] + 60)
    tip = plot.locator(".tip")
    place = tip.bounding_box()

    assert "Sun 22 Nov" in tip.text_content()
    assert 0 <= place["x"]
    assert place["x"] + place["width"] <= 390
    assert 390 == view.evaluate("document.documentElement.scrollWidth")
    assert ["request"] == [event for event, _ in view.unasked]


def test_without_script_all_but_pointing_is_there(opened):
    """Charts and tables are in the file itself."""
    view = opened("demo", java_script_enabled=False)

    assert view.locator(".plot svg rect").count() > 100
    assert view.locator("details").first.is_visible()


def test_it_prints_on_a_few_sheets(opened, tmp_path):
    """In light colours, whatever the scheme of the screen."""
    view = opened("demo", scheme="dark")
    printed = view.pdf(prefer_css_page_size=True)

    assert 3 <= printed.count(b"/Type /Page\n") <= 5
