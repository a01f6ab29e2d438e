"""Draw `report.png`, the README's picture: the top of the demo's page.

    make picture

It needs Chromium: apt-get install chromium, or its path in CHROMIUM.
"""

import os
import shutil
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright

from anthropic_admin_api.fake import FakeApi
from ccwarehouse.demo import DATASET, fill
from ccwarehouse.report import Request, write_report
from ccwarehouse.warehouses import open_warehouse

# Fixed, so that the picture stays what it is.
FIRST, LAST = date(2026, 8, 24), date(2026, 11, 22)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
WIDTH, HEIGHT = 1240, 1042
MOST_BYTES = 200_000

PICTURE = Path(__file__).with_name("report.png")


def main() -> None:
    """Load the demo, write its page, and draw the top of it."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not chromium:
        sys.exit("There is no Chromium here. Install it: apt-get install chromium")
    with TemporaryDirectory() as folder:
        page = Path(folder) / "demo.html"
        write_page(Path(folder) / "demo.duckdb", page)
        draw(chromium, page)
    size = PICTURE.stat().st_size
    if size > MOST_BYTES:
        sys.exit(f"{PICTURE} has {size:,} bytes, more than {MOST_BYTES:,}.")


def write_page(database: Path, page: Path) -> None:
    """The page of the made-up organisation."""
    with (
        FakeApi(now=lambda: NOW) as api,
        open_warehouse("duckdb", database, DATASET, sole_writer=True) as warehouse,
    ):
        fill(warehouse, api.url, FIRST, LAST, NOW)
        write_report(warehouse, Request(), page, title="An example organisation")


def draw(chromium: str, page: Path) -> None:
    """Its top, in the light scheme."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox"]
        )
        view = browser.new_page(
            viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light"
        )
        view.goto(page.as_uri())
        view.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main()
