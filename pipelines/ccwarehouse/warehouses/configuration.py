"""Restrict dlt's configuration to the settings that reach a destination.

dlt looks for its settings in the environment and in `.dlt/*.toml`. Another project may
have set `DEV_MODE`, `[load]`, `[schema]` and others there. These could change what is
stored or where, or hide a failure. So they keep dlt's defaults here, also settings that
later versions of dlt add.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from dlt.common.configuration.providers.provider import ConfigProvider
from dlt.common.configuration.specs import known_sections

from .dlt_container import wrapped_providers

# Settings of a destination that change what is stored instead of how to reach it.
OURS = frozenset(
    {
        "autodetect_schema",  # BigQuery would guess types
        "create_indexes",  # unique indexes, which an insert after a delete can violate
        "csv_format",  # our csv copy reads one format only
        "destination_name",  # selects another section than --destination
        "enable_dataset_name_normalization",  # names are normalised once, here
        "ignore_unknown_values",  # would drop columns without an error
        "replace_strategy",
        "staging_dataset_name_layout",  # "%s" would empty the dataset
    }
)


class DestinationsOnly(ConfigProvider):
    """A provider of dlt that returns only settings of destinations."""

    def __init__(self, provider: ConfigProvider) -> None:
        self._provider = provider

    def get_value(
        self,
        key: str,
        hint: type[Any],
        pipeline_name: str | None,
        *sections: str,
    ) -> tuple[Any | None, str]:
        """The value (None if it is missing or ignored) and its full name.

        Names without a section are ignored: LOCATION, say, could be another program's.
        """
        path = (*sections, key)
        if path[0] == known_sections.DESTINATION and OURS.isdisjoint(path):
            return self._provider.get_value(key, hint, pipeline_name, *sections)
        return None, ".".join(path)

    @property
    def name(self) -> str:
        """The wrapped provider's name."""
        return self._provider.name

    @property
    def supports_secrets(self) -> bool:
        """Like the wrapped provider."""
        return self._provider.supports_secrets

    @property
    def supports_sections(self) -> bool:
        """Like the wrapped provider."""
        return self._provider.supports_sections

    @property
    def is_empty(self) -> bool:
        """Whether it has no settings."""
        return self._provider.is_empty

    @property
    def locations(self) -> Sequence[str]:
        """The files it reads."""
        return self._provider.locations


@contextmanager
def destinations_only() -> Iterator[None]:
    """In this context dlt resolves only settings of destinations."""
    with wrapped_providers(DestinationsOnly):
        yield
