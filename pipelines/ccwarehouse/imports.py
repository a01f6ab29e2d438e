"""Importing much at once."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def imports() -> Iterator[None]:
    """Import within this what is large: no garbage is looked for in it, now or later.

    A module's objects stay until the end, but every full collection would go through
    all of them: a quarter of a nightly load.
    """
    modules = len(sys.modules)
    gc.disable()
    try:
        yield
    finally:
        # whoever calls commands again and again would keep what he has used meanwhile
        if len(sys.modules) > modules:
            gc.freeze()
        gc.enable()
