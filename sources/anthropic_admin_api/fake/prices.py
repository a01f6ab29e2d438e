"""What the models of the made-up organisation cost, exact in JSON."""

MICROCENTS = 1_000_000  # to the cent


def _prices(usd_in: int, usd_out: int) -> dict[str, int]:
    """Microcents per token, from USD per million tokens; caches cost by the input."""
    return {
        "input": 100 * usd_in,
        "output": 100 * usd_out,
        "cache_read": 10 * usd_in,
        "cache_creation": 125 * usd_in,
    }


HAIKU = "claude-haiku-4-5-20251001"
SONNET = "claude-sonnet-4-5-20250929"
OPUS = "claude-opus-4-5-20251101"
OLD_OPUS = "claude-opus-4-1-20250805"
PRICES = {
    HAIKU: _prices(1, 5),
    SONNET: _prices(3, 15),
    OPUS: _prices(5, 25),
    OLD_OPUS: _prices(15, 75),
}


def cents(microcents: int) -> int | float:
    """A float keeps fifteen digits: below 10**15 its text is the exact quotient."""
    whole, rest = divmod(microcents, MICROCENTS)
    return microcents / MICROCENTS if rest else whole
