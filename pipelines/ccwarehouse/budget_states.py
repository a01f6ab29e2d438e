"""What the states of a budget mean in words, for commands, the demo and the report."""

from typing import Final

STATES: Final = {
    "over": "over budget",
    "forecast_over": "will be over",
    "90": "above 90%",
    "80": "above 80%",
    "ok": "on track",
    "no_data": "no data",
}
