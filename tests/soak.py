"""How many random cases to run: few in `make test`, many in `make soak`.

`make soak` also gives the seed to Hypothesis, and each test two hours. Without these a
test that takes too long fails with a group of exceptions: Hypothesis calls it flaky.
"""

import os
import random

import pytest

IS_SOAK = "SOAK" in os.environ


# Of tests whose few cases already take half a minute.
at_length = pytest.mark.skipif(not IS_SOAK, reason="takes long: make soak")


def sample(quick, soak):
    """The number for this run."""
    return soak if IS_SOAK else quick


def dice(name):
    """Random choices: the same in every test run, others in every soak.

    Prints the seed; pytest shows it when the test fails.
    """
    seed = os.environ.get("SOAK", "sample")
    print(f"{name}: SOAK={seed}")  # noqa: T201
    return random.Random(f"{name} {seed}")
