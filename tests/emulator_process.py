"""BigQuery's emulator in its own process, with a few changes.

    .venv-bigquery/bin/python emulator_process.py start --rest-port PORT ...

DuckDB's extension comes from a wheel, without a network. A BIGNUMERIC without
parameters (38 places in BigQuery) gets 24 places instead of the emulator's five.
"""

import sqlglot
from bqemulator.cli import main
from duckdb_extensions import import_extension
from sqlglot import exp
from sqlglot.generators.duckdb import DuckDBGenerator

KEPT = 64  # trees

_parse = sqlglot.parse_one
_trees = {}


def parse_once(sql, read=None, **given):
    """The tree of a statement, of which the emulator asks some thirty times.

    Most only look at it. It is parsed again after somebody has changed it: sqlglot then
    forgets the hash.
    """
    if read != "bigquery" or given:
        return _parse(sql, read=read, **given)
    tree = _trees.pop(sql, None)
    if tree is None or tree._hash is None or tree.parent:
        tree = _parse(sql, read=read)
        hash(tree)  # sqlglot keeps it
    _trees[sql] = tree
    if len(_trees) > KEPT:
        del _trees[next(iter(_trees))]
    return tree


if __name__ == "__main__":
    sqlglot.parse_one = parse_once
    DuckDBGenerator.TYPE_PARAM_SETTINGS[exp.DType.BIGDECIMAL] = ((38, 12), (38, 38))
    import_extension("spatial")
    main()
