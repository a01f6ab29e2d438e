"""GoogleSQL's analyzer and reference executor, in their own process.

    .venv-bigquery/bin/python googlesql_process.py CACHE

A request is a line of JSON, ["method of Judge", arguments], and so is its answer:
{"ok": ...}, or {"error": ...} with what GoogleSQL says. CACHE is a folder for the
compiled code, which takes half a minute to compile. Dates and timestamps are ISO text,
decimals are text.
"""

import ctypes
import fcntl
import json
import re
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, getcontext
from pathlib import Path

import wasmtime
from zetasql.core import wasm_client
from zetasql.core.exceptions import ServerError
from zetasql.wasi import get_wasm_path
from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2 as service
from zetasql.wasi._pb2.zetasql.proto import options_pb2, simple_catalog_pb2
from zetasql.wasi._pb2.zetasql.public import options_pb2 as public
from zetasql.wasi._pb2.zetasql.public import simple_table_pb2, type_pb2, value_pb2
from zetasql.wasi._pb2.zetasql.resolved_ast import resolved_node_kind_pb2

EPOCH = date(1970, 1, 1)
PLACES = {"NUMERIC": 9, "BIGNUMERIC": 38}
FIELDS = {"FLOAT64": "double_value"}
KINDS = {"FLOAT64": "TYPE_DOUBLE"}
NAMES = {kind: name for name, kind in KINDS.items()}

# Features of GoogleSQL that BigQuery's documentation does not offer.
NOT_IN_BIGQUERY = ("FEATURE_TIMESTAMP_NANOS", "FEATURE_TIMESTAMP_PICOS")

# A feature that BigQuery documents (`view_column_option_list`), off in GoogleSQL.
ONLY_IN_BIGQUERY = ("FEATURE_CREATE_VIEWS_WITH_COLUMN_OPTIONS",)

# The options of views, tables and columns that may be set, all of one type.
TEXT_OPTIONS = ("description",)


class Wasm(wasm_client.WasmClient):
    """The package's client, but reading and writing blocks instead of bytes."""

    def _address(self, pointer):
        return ctypes.addressof(self.memory.data_ptr().contents) + pointer

    def write_bytes(self, ptr, data):
        ctypes.memmove(self._address(ptr), data, len(data))

    def read_bytes(self, ptr, size):
        return ctypes.string_at(self._address(ptr), size)

    def call(self, name, request, response):
        return self.call_grpc_func(f"ZetaSqlLocalService_{name}", request, response)


def start(cache):
    """The compiled module, from the cache if possible.

    One process compiles at a time; others wait and use its result.
    """
    settings = cache / "wasmtime.toml"
    cache.mkdir(parents=True, exist_ok=True)
    settings.write_text(f'[cache]\ndirectory = "{cache.resolve()}"\n')
    config = wasmtime.Config()
    config.cache = str(settings)
    wasm_client.Config = lambda: config
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return Wasm(get_wasm_path())


def language(wasm):
    """The features and statements of GoogleSQL outside Google."""
    request = service.LanguageOptionsRequest(maximum_features=True)
    options = wasm.call("GetLanguageOptions", request, options_pb2.LanguageOptionsProto)
    for feature in NOT_IN_BIGQUERY:
        number = public.LanguageFeature.Value(feature)
        if number in options.enabled_language_features:
            options.enabled_language_features.remove(number)
    for feature in ONLY_IN_BIGQUERY:
        options.enabled_language_features.append(public.LanguageFeature.Value(feature))
    options.product_mode = public.PRODUCT_EXTERNAL
    kinds = resolved_node_kind_pb2.ResolvedNodeKind
    statements = [number for name, number in kinds.items() if name.endswith("_STMT")]
    del options.supported_statement_kinds[:]
    options.supported_statement_kinds.extend(statements)
    return options


def analysis(wasm, spoken):
    """The options of analysis: UTC, and unknown options are errors."""
    request = service.AnalyzerOptionsRequest()
    options = wasm.call("GetAnalyzerOptions", request, options_pb2.AnalyzerOptionsProto)
    options.language_options.CopyFrom(spoken)
    options.default_timezone = "UTC"
    options.allowed_hints_and_options.disallow_unknown_options = True
    for name in TEXT_OPTIONS:
        options.allowed_hints_and_options.option.add(name=name, type=kind("STRING"))
    return options


def kind(name):
    """The type of a name in SQL."""
    return type_pb2.TypeProto(
        type_kind=type_pb2.TypeKind.Value(KINDS.get(name, f"TYPE_{name}"))
    )


def kind_name(found):
    """The name of a type in SQL."""
    name = type_pb2.TypeKind.Name(found.type_kind)
    return NAMES.get(name, name.removeprefix("TYPE_"))


def encoded(value, name):
    """Convert a value of JSON to GoogleSQL."""
    if value is None:
        return value_pb2.ValueProto()
    field = FIELDS.get(name, f"{name.lower()}_value")
    if name in PLACES:
        number = int(Decimal(value).scaleb(PLACES[name]))
        value = number.to_bytes(32, "little", signed=True)
    elif name == "DATE":
        value = (date.fromisoformat(value) - EPOCH).days
    elif name == "TIMESTAMP":
        moment = value_pb2.ValueProto()
        moment.timestamp_value.FromDatetime(datetime.fromisoformat(value))
        return moment
    return value_pb2.ValueProto(**{field: value})


def decoded(cell, name):
    """Convert a value of GoogleSQL to JSON."""
    if cell.WhichOneof("value") is None:
        return None
    value = getattr(cell, FIELDS.get(name, f"{name.lower()}_value"))
    if name in PLACES:
        number = int.from_bytes(value, "little", signed=True)
        return f"{Decimal(number).scaleb(-PLACES[name]):f}"
    if name == "DATE":
        return (EPOCH + timedelta(days=value)).isoformat()
    if name == "TIMESTAMP":
        return value.ToDatetime(tzinfo=UTC).isoformat()
    return value


def written(path):
    """A pattern for a table's path in SQL."""
    return r"\.".join(f"`?{re.escape(name)}`?" for name in path) + r"(?!\w)"


class Judge:
    """GoogleSQL with some tables."""

    def __init__(self, wasm):
        self.wasm = wasm
        spoken = language(wasm)
        self.options = analysis(wasm, spoken)
        self.functions = options_pb2.ZetaSQLBuiltinFunctionOptionsProto(
            language_options=spoken
        )
        builtin = service.DescriptorPoolListProto.Definition(
            builtin=service.DescriptorPoolListProto.Builtin()
        )
        self.pool = service.DescriptorPoolListProto(definitions=[builtin])
        self.tables, self.contents, self.queries = {}, {}, {}
        self.of_functions = self._registered(self._functions())
        self.of_tables = None  # registered once somebody asks for it

    def table(self, path, columns, rows):
        """Create or replace a table."""
        names = [name for name, _ in columns]
        key = [names.index("_dlt_id")] if "_dlt_id" in names else []
        made = simple_table_pb2.SimpleTableProto(
            name=".".join(path), primary_key_column_index=key
        )
        for name, type_name in columns:
            made.column.add(name=name, type=kind(type_name), is_writable_column=True)
        values = [
            [encoded(*cell) for cell in zip(row, dict(columns).values(), strict=True)]
            for row in rows
        ]
        lines = [service.TableData.Row(cell=row) for row in values]
        self.tables[tuple(path)] = made
        self.of_tables = None
        self.contents[made.name] = service.TableContent(
            table_data=service.TableData(row=lines)
        )

    def analyze(self, sql):
        """The kind of a statement that is valid."""
        if self.of_tables is None:
            self.of_tables = self._registered(self._catalog())
        kind_met = type(self._resolved(sql, self.of_tables)).DESCRIPTOR.name
        return kind_met.removeprefix("Resolved")

    def create(self, sql):
        """Create the table of a CREATE TABLE; returns its path and columns."""
        statement = self._resolved(sql, self.of_functions)
        table = statement.parent  # common to all kinds of CREATE TABLE
        path = list(table.parent.name_path)
        columns = [
            (column.name, kind_name(column.type))
            for column in table.column_definition_list
        ]
        self.table(path, columns, [])
        return {"path": path, "columns": columns}

    def query(self, sql):
        """The columns, as pairs of name and type, and the rows of a query.

        A query is prepared once, with parameters for its tables. To make a catalog and
        to analyze a view takes longer than to execute it on the few rows of a case.
        """
        query, paths = self._over_parameters(sql)
        prepared = self._prepared(query, paths)
        request = service.EvaluateQueryRequest(
            prepared_query_id=prepared.prepared_query_id
        )
        for name, path in paths.items():
            rows = request.params.add(name=name).value.array_value
            rows.SetInParent()  # also without rows
            for row in self.contents[".".join(path)].table_data.row:
                rows.element.add().struct_value.field.extend(row.cell)
        found = self.wasm.call("EvaluateQuery", request, service.EvaluateQueryResponse)
        columns = [(each.name, kind_name(each.type)) for each in prepared.columns]
        types = [type_name for _, type_name in columns]
        rows = [
            [decoded(*cell) for cell in zip(row.cell, types, strict=True)]
            for row in found.content.table_data.row
        ]
        return {"columns": columns, "rows": rows}

    def delete(self, sql):
        """The `_dlt_id` of each row that a DELETE deletes."""
        request = service.EvaluateModifyRequest(**self._with_rows(sql))
        found = self.wasm.call(
            "EvaluateModify", request, service.EvaluateModifyResponse
        )
        return [row.old_primary_key[0].string_value for row in found.content]

    def _resolved(self, sql, catalog):
        """The innermost message that says what kind of statement it is."""
        request = service.AnalyzeRequest(
            sql_statement=sql, options=self.options, **catalog
        )
        answer = self.wasm.call("Analyze", request, service.AnalyzeResponse)
        node = answer.resolved_statement
        while node.DESCRIPTOR.oneofs and (kind_met := node.WhichOneof("node")):
            node = getattr(node, kind_met)
        return node

    def _functions(self):
        """A catalog without tables."""
        return simple_catalog_pb2.SimpleCatalogProto(
            name="root", builtin_function_options=self.functions
        )

    def _registered(self, catalog):
        """Keep a catalog, as its functions take 10 ms; the fields that name it."""
        request = service.RegisterCatalogRequest(
            simple_catalog=catalog, descriptor_pool_list=self.pool
        )
        kept = self.wasm.call("RegisterCatalog", request, service.RegisterResponse)
        pools = [
            service.DescriptorPoolListProto.Definition(registered_id=number)
            for number in kept.descriptor_pool_id_list.registered_ids
        ]
        return {
            "registered_catalog_id": kept.registered_id,
            "descriptor_pool_list": service.DescriptorPoolListProto(definitions=pools),
        }

    def _catalog(self):
        """Projects hold datasets, and datasets hold tables."""
        root = self._functions()
        folders = {(): root}
        for path, table in self.tables.items():
            for depth in range(1, len(path)):
                inner = path[:depth]
                if inner not in folders:
                    folders[inner] = folders[inner[:-1]].catalog.add(name=inner[-1])
            folders[path[:-1]].table.add().CopyFrom(table)
            folders[path[:-1]].table[-1].name = path[-1]
        return root

    def _over_parameters(self, sql):
        """The query with parameters for its tables, and the path of each parameter."""
        paths = {}
        for path in self.tables:
            name = re.sub(r"\W", "_", ".".join(path))
            rows = rf"(select * from unnest(@{name})) as "
            sql, named = re.subn(rf"{written(path)} as\b", rows, sql, flags=re.I)
            sql, others = re.subn(written(path), f"{rows}`{path[-1]}`", sql)
            if named or others:
                paths[name] = path
        return sql, paths

    def _prepared(self, query, paths):
        """A prepared query over tables with these columns."""
        key = query, *(self.tables[path].SerializeToString() for path in paths.values())
        if key not in self.queries:
            options = options_pb2.AnalyzerOptionsProto()
            options.CopyFrom(self.options)
            for name, path in paths.items():
                options.query_parameters.add(name=name, type=self._type(path))
            request = service.PrepareQueryRequest(
                sql=query, options=options, **self.of_functions
            )
            answer = self.wasm.call(
                "PrepareQuery", request, service.PrepareQueryResponse
            )
            self.queries[key] = answer.prepared
        return self.queries[key]

    def _type(self, path):
        """The type of a table's rows: an array of structs."""
        rows = type_pb2.TypeProto(type_kind="TYPE_ARRAY")
        row = rows.array_type.element_type
        row.type_kind = type_pb2.TypeKind.Value("TYPE_STRUCT")
        for column in self.tables[path].column:
            row.struct_type.field.add(field_name=column.name, field_type=column.type)
        return rows

    def _with_rows(self, sql):
        """A statement with its tables and their rows.

        The executor accepts rows only for tables without a dataset. So a path is
        written as one quoted name, which BigQuery treats as the path.
        """
        root = self._functions()
        contents = {}
        for path, table in self.tables.items():
            sql, times = re.subn(written(path), f"`{table.name}`", sql)
            if times:
                root.table.add().CopyFrom(table)
                contents[table.name] = self.contents[table.name]
        return {
            "sql": sql,
            "options": self.options,
            "descriptor_pool_list": self.pool,
            "simple_catalog": root,
            "table_content": contents,
        }


def main():
    """Answer each line of stdin with a line on stdout."""
    getcontext().prec = 80  # a BIGNUMERIC has up to 77 digits
    judge = Judge(start(Path(sys.argv[1])))
    for line in sys.stdin:
        name, *given = json.loads(line)
        try:
            answer = {"ok": getattr(judge, name)(*given)}
        except ServerError as error:
            answer = {"error": error.message}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
