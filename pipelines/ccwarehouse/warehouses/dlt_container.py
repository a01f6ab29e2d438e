"""What dlt keeps in its container, and what is set there for a while.

dlt finds its settings and the limits of a destination in a private container. It has no
public way to leave settings out, and none to name things for a destination that is not
open yet.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dlt
from dlt.common.configuration.container import Container
from dlt.common.configuration.providers.provider import ConfigProvider
from dlt.common.configuration.specs import PluggableRunContext
from dlt.common.destination import DestinationCapabilitiesContext
from dlt.common.normalizers.naming import NamingConvention


@contextmanager
def wrapped_providers(
    wrap: Callable[[ConfigProvider], ConfigProvider],
) -> Iterator[None]:
    """Within this, dlt asks the wrapped providers for settings."""
    providers = Container()[PluggableRunContext].providers
    everything = providers.providers
    providers.providers = [wrap(provider) for provider in everything]
    try:
        yield
    finally:
        providers.providers = everything


def naming_of(capabilities: DestinationCapabilitiesContext) -> NamingConvention:
    """How dlt names things in a destination of these capabilities."""
    with Container().injectable_context(capabilities):
        return dlt.Schema("ccwarehouse").naming
