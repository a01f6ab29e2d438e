"""What blocks a view: a relation of its name, or someone else's views that read it.

We drop neither, because they are not ours. The error names them.
"""

from collections.abc import Iterable, Sequence

from .engines import dialect_of
from .errors import ObstacleError
from .other import Client


def require_no_namesake(client: Client, dataset: str, views: Iterable[str]) -> None:
    """Raise `ObstacleError` if something that is not a view has the name of a view."""
    wanted = set(views)
    for name, kind in dialect_of(client).no_views(client, dataset):
        if name in wanted:
            raise ObstacleError(
                f"The data is committed, but {dataset}.{name} is {kind} "
                "that someone else made, where a view belongs. Rename or drop it, "
                "then run ccwarehouse transform with the same options."
            )


def require_no_dependants(client: Client, dataset: str, views: Sequence[str]) -> None:
    """Raise `ObstacleError` if someone else's views read views that must be dropped."""
    found = list(dialect_of(client).dependants(client, dataset, views))
    if found:
        names = sorted({name for name, _ in found})
        reading = "; ".join(f"{name} reads {dataset}.{view}" for name, view in found)
        raise ObstacleError(
            "The data is committed, but views with changed columns cannot be replaced, "
            f"and views of another version cannot be dropped: {reading}. "
            f"Drop or change {', '.join(names)}, then run "
            "ccwarehouse transform with the same options."
        )
