"""Large imports that the garbage collector never looks at.

A module's objects stay until the end, but every full collection would go through all of
them. A nightly load took 4.5 s of processor time with this and 5.4 s without (medians
of ten, by turns; see CONTRIBUTING on `make bench`).
"""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def frozen_imports() -> Iterator[None]:
    """Import within this what is large: it is never searched for garbage."""
    modules = len(sys.modules)
    gc.disable()
    try:
        yield
    finally:
        # Only after new imports; otherwise repeated calls would freeze other objects.
        if len(sys.modules) > modules:
            gc.freeze()
        gc.enable()
