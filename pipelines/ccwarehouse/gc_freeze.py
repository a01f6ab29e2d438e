"""Large imports that the garbage collector never scans.

A module's objects live until the process ends, but every full collection would scan
them. A nightly load took 4.5 s of processor time with this and 5.4 s without: medians
of ten alternating runs. `make bench` measures a nightly load.
"""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def frozen_imports() -> Iterator[None]:
    """Freeze what is imported in this context: no collection scans it."""
    modules = len(sys.modules)
    gc.disable()
    try:
        yield
    finally:
        # Only after new imports; otherwise repeated calls would freeze other objects.
        if len(sys.modules) > modules:
            gc.freeze()
        gc.enable()
