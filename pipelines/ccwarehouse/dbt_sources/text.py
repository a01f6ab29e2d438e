"""The document as YAML, and where it goes."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import yaml

from ..export import ReaderGoneError, file_sink, stdout_sink
from ..export.sinks import Sink

HEAD: Final = (
    "# Written by `ccwarehouse dbt-sources`. Write it anew after an update of"
    " ccwarehouse, and after the first load of a further report.\n"
)


def as_yaml(document: Mapping[str, Any]) -> bytes:
    """YAML 1.1 in UTF-8, as dbt reads it: a name like `yes` is quoted."""
    text = yaml.safe_dump(
        document,
        sort_keys=False,
        allow_unicode=True,
        width=88,
        default_flow_style=False,
    )
    return (HEAD + text).encode()


@contextmanager
def text_sink(out: Path | None) -> Iterator[Sink]:
    """A file that is replaced at once, or stdout, whose reader may go."""
    if out:
        with file_sink(out) as sink:
            yield sink
    else:
        with suppress(ReaderGoneError):
            yield stdout_sink()
