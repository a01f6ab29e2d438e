"""Ask once what a destination can do.

dlt resolves its whole configuration for every such question, some 15 times a package.
That took a quarter of the time of a package with few rows.
"""

from typing import Any

from dlt.common.destination import Destination, DestinationCapabilitiesContext
from dlt.common.normalizers.naming import NamingConvention


class CapabilitiesOnce(Destination[Any, Any]):
    """A destination of dlt's that remembers its answers, as long as it is open."""

    def capabilities(
        self,
        config: Any = None,  # noqa: ANN401 - as dlt types it
        naming: NamingConvention | None = None,
    ) -> DestinationCapabilitiesContext:
        """The capabilities, as a copy that dlt may change."""
        if config is not None:
            return super().capabilities(config, naming)
        known: dict[Any, DestinationCapabilitiesContext]
        known = self.__dict__.setdefault("known_capabilities", {})
        if type(naming) not in known:
            known[type(naming)] = super().capabilities(None, naming)
        return known[type(naming)].copy()
