"""What a dataset knows of itself: a small table of names and values.

    read_facts(client)                  {"shape": "1", "version": "0.1.0"}
    write_fact(client, "shape", "2")    one statement decides, in any transaction
    forget_fact(client, "shape")

Only a program that holds the warehouse alone may write facts. A name has one row. Each
value is a text. The module that writes it says what it means.
"""

from collections.abc import Iterable
from typing import Final

from dlt.destinations.exceptions import DatabaseUndefinedRelation

from .other import Client

FACTS: Final = "dataset_facts"
DESCRIPTION: Final = "One row per name: what the dataset knows of itself."
COLUMNS: Final = {
    "name": (
        "shape, the number of the form of its tables; version, the ccwarehouse that "
        "wrote it last; unfinished_copy, what a copy into it that has not ended reads; "
        "pseudonym_secret, a fingerprint of the secret; unfinished_pseudonyms, while "
        "pseudonymise is not through; forgotten:..., a salted hash of a forgotten "
        "name; forgotten_salt, the salt; people_from, before which days are sums; "
        "views, a digest of what the views were built from; view_names, the names of "
        "the views that ccwarehouse made."
    ),
    "value": "Value, as a text.",
}

_CREATE = """
    create table if not exists {facts} as
    select name, value from (select '' as name, '' as value) as facts where 1 = 0
"""


def read_facts(client: Client) -> dict[str, str]:
    """All facts by name; none if the dataset or the table is not there."""
    facts = client.make_qualified_table_name(FACTS)
    try:
        found = client.execute_sql(f"select name, value from {facts}")
    except DatabaseUndefinedRelation:
        return {}
    rows: Iterable[tuple[str, str]] = (tuple(row) for row in found or ())
    return dict(rows)


def write_fact(client: Client, name: str, value: str) -> None:
    """Set a fact. The dataset must be there; the table is made if it is missing."""
    facts = client.make_qualified_table_name(FACTS)
    client.execute_sql(_CREATE.format(facts=facts))
    if name in read_facts(client):
        client.execute_sql(
            f"update {facts} set value = %s where name = %s", value, name
        )
    else:
        client.execute_sql(
            f"insert into {facts} (name, value) values (%s, %s)", name, value
        )


def forget_fact(client: Client, name: str) -> None:
    """Remove a fact, if it is there."""
    if name in read_facts(client):
        facts = client.make_qualified_table_name(FACTS)
        client.execute_sql(f"delete from {facts} where name = %s", name)
