"""What `export` prints besides the rows."""

from pathlib import Path

from ..end import End
from ..export import views_by_name
from .dates import count


def end_of_list() -> End:
    """The end of `export` without a view: all views, each with its grain."""
    views = {name: view.description for name, view in views_by_name().items()}
    width = max(map(len, views))
    facts = [{"name": name, "description": text} for name, text in views.items()]
    lines = [f"{name:{width}}  {text}" for name, text in views.items()]
    return End(facts={"views": facts}, lines=lines, is_answer=True)


def end_of_export(view: str, form: str, rows: int, file: Path | None) -> End:
    """The end of an export; stdout has only the rows."""
    if file is None:
        return End()
    facts = {"view": view, "format": form, "rows": rows, "file": str(file)}
    return End(facts=facts, lines=[f"{count(rows, 'row')} of {view} are in {file}."])
