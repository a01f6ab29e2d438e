"""The pages for people: the README, docs/ and others, and the code in them."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = {
    path: path.read_text(encoding="utf-8")
    for path in [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]
}


def blocks(language):
    """The blocks of code in a language, each once, those of the README first.

    Without docs/marts.md, whose views name other views without a dataset, and the
    queries of docs/bill.md, whose views a dataset has with further reports alone.
    """
    skipped = {"marts.md", "bill.md"} if language == "sql" else {"marts.md"}
    pages = sorted(
        (page for page in PAGES if page.name not in skipped), key=_readme_first
    )
    text = "\n".join(PAGES[path] for path in pages)
    return list(dict.fromkeys(re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)))


def _readme_first(path):
    return path.name != "README.md", path
