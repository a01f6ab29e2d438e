"""How these reports are loaded, where it differs from the usage report."""

import copy
from typing import Final

from anthropic_admin_api.settings import UsageSettings

# The bill of a day may change for this long. A call gives a month, so that to ask for
# it each night costs no more than to ask for a day.
LOOKBACK_DAYS: Final = 30

# The API bears one call a minute, and short bursts for several pages.
CALLS_AT_ONCE: Final = 1


def restated_for_a_month(settings: UsageSettings) -> UsageSettings:
    """The settings of an account for these reports; the credential stays the same."""
    changed = copy.copy(settings)
    changed.lookback, changed.concurrency = LOOKBACK_DAYS, CALLS_AT_ONCE
    return changed
