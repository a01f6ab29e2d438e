"""Importing much at once."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def imports() -> Iterator[None]:
    """Import within this what is large: no garbage is looked for in it, now or later.

    A module's objects stay until the end, but every full collection would go through
    all of them: a quarter of a nightly load.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
