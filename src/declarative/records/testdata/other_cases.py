"""Asks Airbyte's CDK (7.39.1) for schemas, CSV downloads and RECORD lines, and writes its answers.

    python other_cases.py FOLDER     # schema_cases.jsonl, csv_cases.jsonl, line_cases.jsonl
"""
import gzip
import io
import json
import logging
import sys
import warnings
from pathlib import Path

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
import requests
import urllib3
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.models import AirbyteMessage, AirbyteRecordMessage, Type
from airbyte_cdk.sources.declarative.extractors.response_to_file_extractor import ResponseToFileExtractor
from airbyte_cdk.sources.declarative.models import declarative_component_schema as models
from airbyte_cdk.sources.declarative.parsers.model_to_component_factory import ModelToComponentFactory
from airbyte_cdk.sources.declarative.schema import DynamicSchemaLoader, InlineSchemaLoader
from airbyte_cdk.sources.declarative.schema.composite_schema_loader import CompositeSchemaLoader

FACTORY = ModelToComponentFactory()


class OneRecord:
    def __init__(self, record):
        self.record = record

    def read_records(self, schema):
        if self.record is not None:
            yield self.record
            yield {"second": "record"}


def schema_of(row):
    config = {"type_key": "kind"}
    component = row["component"]
    make = lambda name, value: FACTORY.create_component(getattr(models, name), value, config, parameters=component.get("$parameters", {}))
    loader = DynamicSchemaLoader(
        retriever=OneRecord(row["record"]),
        config=config,
        schema_type_identifier=make("SchemaTypeIdentifier", component["schema_type_identifier"]),
        schema_filter=make("RecordFilter", component["schema_filter"]) if "schema_filter" in component else None,
        schema_transformations=[FACTORY.create_component(getattr(models, t["type"]), t, config) for t in component.get("schema_transformations", [])],
        parameters={},
    )
    return repr(loader.get_json_schema())


def schema_rows():
    fields = [{"name": "id", "kind": "int"}, {"name": "Title", "kind": "text"}, {"name": "when", "kind": "dt"}, {"name": "both", "kind": ["number", "string"]}, {"name": "list", "kind": "arr", "meta": {"n": 1}}, {"name": "plain"}]
    types = [{"target_type": "integer", "current_type": "int"}, {"target_type": "string", "current_type": "text"}, {"target_type": "timestamp_with_timezone", "current_type": "dt"},
             {"target_type": {"field_type": "array", "items": {"field_type": "array", "items": "integer"}}, "current_type": "arr"}]
    base = {"type": "SchemaTypeIdentifier", "schema_pointer": ["fields"], "key_pointer": ["name"], "type_pointer": ["kind"], "types_mapping": types}
    records = [{"fields": fields}, {"fields": []}, {}, None, {"other": 1}, {"fields": None}, {"fields": {"a": 1}}, {"fields": [{"name": 5}]}, {"fields": [{"kind": "int"}]}, {"fields": [{"name": "x", "kind": "unknown"}]}, {"fields": [{"name": "x", "kind": ["a", "b"]}]}, {"fields": [{"name": "x", "kind": ["string", "integer", "number"]}]}, {"fields": [{"name": "x", "kind": None}]}, {"fields": [{"name": "x", "kind": 5}]}, {"fields": ["text"]}]
    identifiers = [base, {k: v for k, v in base.items() if k != "type_pointer"}, {k: v for k, v in base.items() if k != "types_mapping"}, {**base, "type_pointer": ["{{ config['type_key'] }}"]}, {**base, "schema_pointer": []},
                   {**base, "types_mapping": [{"target_type": ["null", "string"], "current_type": "int"}, {"target_type": ["integer", "string"], "current_type": "text"}]},
                   {**base, "types_mapping": [{"target_type": "array", "current_type": "arr", "condition": "{{ raw_schema['meta']['n'] == 2 }}"}, {"target_type": "object", "current_type": "arr", "condition": "{{ raw_schema.meta.n == 1 }}"}, *types]},
                   {**base, "types_mapping": [{"target_type": {"field_type": "string", "items": "integer"}, "current_type": "int"}]},
                   {**base, "types_mapping": [{"target_type": {"field_type": "array"}, "current_type": "int"}, *types, {"target_type": "boolean", "current_type": ["number", "string"]}]}]
    rows = []
    for identifier in identifiers:
        for record in records:
            rows.append({"component": {"type": "DynamicSchemaLoader", "retriever": {"type": "SimpleRetriever"}, "schema_type_identifier": identifier}, "record": record})
    for record in records[:3]:
        for more in ({"schema_filter": {"type": "RecordFilter", "condition": "{{ 'id' in record or 'Title' in record }}"}}, {"schema_filter": {"type": "RecordFilter", "condition": "{{ record == {'id': {'type': ['null', 'integer']}} }}"}}, {"schema_transformations": [{"type": "KeysReplace", "old": "t", "new": "T"}]},
                     {"schema_transformations": [{"type": "AddFields", "fields": [{"type": "AddedFieldDefinition", "path": ["made"], "value": "{{ {'type': ['null', 'string']} }}"}]}, {"type": "RemoveFields", "field_pointers": [["id"], ["list", "items"]]}]}):
            rows.append({"component": {"type": "DynamicSchemaLoader", "retriever": {"type": "SimpleRetriever"}, "schema_type_identifier": base, **more}, "record": record})
    return rows


def composite_rows():
    schemas = [{"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}}, {"properties": {"b": {"type": "string"}, "c": {"type": "number"}}}, {"properties": {}}, {"type": "object"}]
    rows = []
    for names in ([0, 1], [1, 0], [0, 2, 1], [0, 3], [1], []):
        rows.append({"schemas": [schemas[name] for name in names]})
    return rows


def composite_of(row):
    if not row["schemas"]:
        return repr({})
    return repr(CompositeSchemaLoader(schema_loaders=[InlineSchemaLoader(schema=schema, parameters={}) for schema in row["schemas"]], parameters={}).get_json_schema())


def csv_rows():
    texts = ["a,b\n1,2\n", "a,b\n1,\n,2\n", "a,b\r\n1,2\r\n", "", "\n\n", "a,b\n", "a,a,\n1,2,3\n", 'a,b\n"x ""y""","1\n2"\n', "a,b\n1\n", "a,b\n\n1,2\n\n", "a,b\nNA,null\n", "a,b\nN/A,nan\nNULL,None\n<NA>,#N/A\n", "a\n\u00e9\n", "\ufeffa,b\n1,2\n", "a,b\n 1 , 2 \n", "a,b\n1,2", 'a,b\n"",""\n', "a;b\n1;2\n", "a\x00,b\n1\x00,2\n", "a,b\n007,1e5\ntrue,False\n", "a,b\n1,2\n1,2,3\n", 'a\n"x\n', "a,b\n-nan,1.#IND\n", '"a","b"\n"NA","x"\n']
    return [{"body": text, "gzip": packed, "preserve": preserve} for text in texts for packed in (False, True) for preserve in (False, True)]


def csv_of(row):
    data = row["body"].encode()
    data = gzip.compress(data) if row["gzip"] else data
    response = requests.Response()
    response.status_code = 200
    response.raw = urllib3.HTTPResponse(body=io.BytesIO(data), preload_content=False)
    return repr(list(ResponseToFileExtractor(parameters={}, preserve_na_values=row["preserve"]).extract_records(response)))


def line_rows():
    values = [{}, {"a": None, "b": {"c": None}, "d": [None]}, {"x": float("nan"), "y": [float("inf")]}, {"x": 2**64, "y": float("nan"), "z": "\u00e9"}, {"x": 2**64 - 1, "y": None}, {"x": -(2**63)}, {"x": -(2**63) - 1, "n": None},
              {"f": [1.0, 1e16, 9999999999999998.0, 1e22, 1.5e-5, 1e-5, 1e-6, 1e-7, 1.2345678901234568e17, 1e300, -0.0, 5e-324, 0.1]}, {"e": "\x7f\x00\u2028/\"\\\b\f\n\r\t\x1f"}, {"": 1}, {"\u00e9 \U0001f600": "\U0001f600"}, {"u": "\ud800"}, {"b": [True, False]}, {"big": 10**40, "n": {"x": None}}]
    return [{"record": json.dumps(value)} for value in values]


def line_of(row):
    record = AirbyteRecordMessage(stream="s\u00e9", data=json.loads(row["record"]), emitted_at=5)
    return AirbyteEntrypoint.airbyte_message_to_string(AirbyteMessage(type=Type.RECORD, record=record))


def write(folder, name, rows, ask):
    with open(Path(folder) / name, "w") as file:
        for row in rows:
            try:
                row["answer"] = ask(row)
            except Exception as error:  # the class is the answer
                row["error"] = type(error).__name__
            file.write(json.dumps(row, separators=(",", ":")) + "\n")


output = sys.stdout
sys.stdout = open("/dev/null", "w")  # the CDK warns there
folder = sys.argv[1]
write(folder, "schema_cases.jsonl", schema_rows(), schema_of)
write(folder, "composite_cases.jsonl", composite_rows(), composite_of)
write(folder, "csv_cases.jsonl", csv_rows(), csv_of)
write(folder, "line_cases.jsonl", line_rows(), line_of)
