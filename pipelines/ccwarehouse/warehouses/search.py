"""Search a whole dataset for names: every text column of every table.

The tables are those of the warehouse's own catalogue, also dlt's and those that someone
else made there.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from whole_days.privacy import folded

from .engines import dialect_of
from .names import marts_name
from .other import Client

Judge = Callable[[str], bool]

# A letter of an email: next to a name, it makes another email of it.
OF_EMAIL: Final = r"[\w.+'-]"
# A model's name may have an @, but no ending like a domain's.
ANY_EMAIL: Final = re.compile(rf"{OF_EMAIL}+@{OF_EMAIL}+\.[A-Za-z]{{2,}}")


@dataclass(frozen=True)
class Found:
    """What a search found: columns by table, and how many columns it looked into."""

    places: list[str]
    columns: int
    tables: int


def search(client: Client, part: str, judge: Judge) -> Found:
    """The columns with a text that has `part` in any case, and that `judge` confirms.

    An underscore in `part` is any letter.
    """
    looked = list(_columns(client))
    pattern = part.replace("\\", "_").replace("'", "_").lower()
    places = [
        f"{path}.{column}"
        for path, column in looked
        if any(map(judge, _texts(client, path, column, pattern)))
    ]
    return Found(places, len(looked), len({path for path, _ in looked}))


def names(name: str) -> Judge:
    """Whether a text names a person: an email anywhere in it, a key as a whole value.

    The name of a key may be a word of any text.
    """
    own = folded(name)
    if "@" not in own:
        return lambda text: folded(text) == own or f'"{own}"' in folded(text)
    alone = re.compile(rf"(?<!{OF_EMAIL}){re.escape(own)}(?!{OF_EMAIL}*\w)")
    return lambda text: alone.search(folded(text)) is not None


def has_email(text: str) -> bool:
    """Whether a text has an email; pseudonyms are none."""
    return ANY_EMAIL.search(text) is not None


def _columns(client: Client) -> Iterator[tuple[str, str]]:
    """The path of each table, with each of its columns of texts."""
    dataset = client.dataset_name
    for place in (dataset, client.staging_dataset_name, marts_name(dataset)):
        with client.with_alternative_dataset_name(place):
            for table, column in dialect_of(client).text_columns(client):
                yield (
                    client.make_qualified_table_name(table),
                    client.escape_column_name(column),
                )


def _texts(client: Client, path: str, column: str, part: str) -> Iterable[str]:
    query = (
        f"select distinct {column} from {path} where lower({column}) like '%{part}%'"
    )
    return (text for (text,) in client.execute_sql(query) or ())
