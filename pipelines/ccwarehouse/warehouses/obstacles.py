"""What stands in the way of a view: something under its name, or views of others on it.

Neither is ours, so neither is ever dropped: a person is told of it.
"""

from collections.abc import Iterable, Sequence

from .engines import dialect_of
from .errors import ObstacleError
from .other import Client


def require_no_namesake(client: Client, dataset: str, views: Iterable[str]) -> None:
    """Raise `ObstacleError` where a table, say, has the name of a view."""
    wanted = set(views)
    for name, kind in dialect_of(client).no_views(client, dataset):
        if name in wanted:
            raise ObstacleError(
                f"The data is in, but {dataset}.{name} is {kind} "
                "that someone else made, where a view belongs. Rename or drop it, "
                "then run ccwarehouse transform with the same options."
            )


def require_no_dependants(client: Client, dataset: str, views: Sequence[str]) -> None:
    """Raise `ObstacleError` where something of others reads views that have to go."""
    found = list(dialect_of(client).dependants(client, dataset, views))
    if found:
        names = sorted({name for name, _ in found})
        reading = "; ".join(f"{name} reads {dataset}.{view}" for name, view in found)
        raise ObstacleError(
            "The data is in, but views whose columns changed cannot be renewed: "
            f"{reading}. Drop or change {', '.join(names)}, then run "
            "ccwarehouse transform with the same options."
        )
