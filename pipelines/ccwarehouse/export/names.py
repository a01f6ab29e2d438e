"""The views by name."""

from difflib import get_close_matches

from claude_code_marts import Model, models

from .errors import UnknownViewError

UNKNOWN = "There is no view {name}.{nearest} List all: ccwarehouse export"


def views_by_name() -> dict[str, Model]:
    """All views of all layers, ordered by name, also those of further reports."""
    views = models(further=True)
    return {view.name: view for view in sorted(views, key=lambda view: view.name)}


def view_named(name: str) -> Model:
    """The view. Raises `UnknownViewError`, which names the nearest ones."""
    views = views_by_name()
    if name in views:
        return views[name]
    near = ", ".join(get_close_matches(name, views))
    nearest = f" Did you mean {near}?" if near else ""
    raise UnknownViewError(UNKNOWN.format(name=ascii(name), nearest=nearest))
