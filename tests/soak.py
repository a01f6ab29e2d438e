"""How much to try: a sample in `make test`, a lot in `make soak`."""

import os
import random

IS_SOAK = "SOAK" in os.environ


def sample(quick, soak):
    """The one that fits the run."""
    return soak if IS_SOAK else quick


def dice(name):
    """Random choices: the same in every test run, others in every soak.

    The seed is printed, which pytest shows when the test fails.
    """
    seed = os.environ.get("SOAK", "sample")
    print(f"{name}: SOAK={seed}")  # noqa: T201
    return random.Random(f"{name} {seed}")
