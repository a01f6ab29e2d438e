"""The files of docs/schedules, and copies of them to run here."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "schedules"
FILES = {path.name: path.read_text() for path in FOLDER.iterdir() if path.is_file()}
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def here(name: str, data: Path, **delays: str) -> str:
    """A file with our command, this folder for the data, and other numbers.

    `delays` are by the text before a number; each has to be in the file.
    """
    text = FILES[name]
    replaced = {
        "/opt/ccwarehouse/bin/": f"{Path(sys.executable).parent}/",
        "/var/lib/ccwarehouse": f"{data}",
    }
    for there, ours in (replaced | delays).items():
        assert there in text, there
        text = text.replace(there, ours)
    return text


def environment_of_the_image() -> dict[str, str]:
    """The variables that the Dockerfile's last stage sets."""
    last = DOCKERFILE.rpartition("\nFROM ")[2].replace("\\\n", " ")
    [line] = re.findall(r"^ENV (.*)$", last, re.MULTILINE)
    return dict(pair.split("=", 1) for pair in line.split())
