"""Of dlt's configuration, what counts here: how to reach a destination, and no more.

dlt looks for each of its settings in the environment and in `.dlt/*.toml`, where those
of another project may lie: `DEV_MODE`, `[load]`, `[schema]` and many more, which would
change what is stored, or where, or hide that it was not. All of them keep dlt's own
defaults here, those that later versions bring among them.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from dlt.common.configuration.container import Container
from dlt.common.configuration.providers.provider import ConfigProvider
from dlt.common.configuration.specs import PluggableRunContext, known_sections

# Settings of a destination that are not about reaching it, but about what is stored.
OURS = frozenset(
    {
        "autodetect_schema",  # BigQuery's own types instead of the declared ones
        "create_indexes",  # unique ones, which an insert after a delete can violate
        "csv_format",  # the copy of a csv file reads one format
        "destination_name",  # another section than the one named with --destination
        "enable_dataset_name_normalization",  # names are normalised once, and told so
        "ignore_unknown_values",  # rows without their columns, and no error
        "replace_strategy",
        "staging_dataset_name_layout",  # "%s" stages in the dataset and empties it
    }
)


class DestinationsOnly(ConfigProvider):
    """A provider of dlt's that knows no other settings than those of destinations."""

    def __init__(self, provider: ConfigProvider) -> None:
        self._provider = provider

    def get_value(
        self,
        key: str,
        hint: type[Any],
        pipeline_name: str | None,
        *sections: str,
    ) -> tuple[Any | None, str]:
        """The value, None when there is none or it does not count; and its full name.

        Without a section a name such as LOCATION could be anyone's.
        """
        path = (*sections, key)
        if path[0] == known_sections.DESTINATION and OURS.isdisjoint(path):
            return self._provider.get_value(key, hint, pipeline_name, *sections)
        return None, ".".join(path)

    @property
    def name(self) -> str:
        """The provider's own."""
        return self._provider.name

    @property
    def supports_secrets(self) -> bool:
        """As the provider does."""
        return self._provider.supports_secrets

    @property
    def supports_sections(self) -> bool:
        """As the provider does."""
        return self._provider.supports_sections

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in it at all."""
        return self._provider.is_empty

    @property
    def locations(self) -> Sequence[str]:
        """The files it reads."""
        return self._provider.locations


@contextmanager
def destinations_only() -> Iterator[None]:
    """Within this, dlt resolves nothing else from the environment and from files."""
    providers = Container()[PluggableRunContext].providers
    everything = providers.providers
    providers.providers = [DestinationsOnly(provider) for provider in everything]
    try:
        yield
    finally:
        providers.providers = everything
