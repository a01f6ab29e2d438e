"""What `dbt-sources` says beside the YAML."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..end import End


def end_of_dbt_sources(document: Mapping[str, Any], file: Path | None) -> End:
    """The end of `dbt-sources`; on stdout there is nothing but the YAML."""
    if file is None:
        return End()
    names = [source["name"] for source in document["sources"]]
    line = f"The sources {' and '.join(names)} are in {file}."
    return End(facts={"sources": names, "file": str(file)}, lines=[line])
