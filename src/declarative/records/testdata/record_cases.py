"""Asks Airbyte's CDK (7.39.1) what becomes of pages, and writes the answers as record_cases.jsonl.

    python record_cases.py > record_cases.jsonl

A row: path (of a DpathExtractor) or extractor; filter (a condition), selector (its other fields),
transformations, config, slice, token, schema; page (a reply's JSON) or text (as it came); then
records (Python's repr of what comes out), count (what the page had), error (the class).
"""
import json
import sys
import warnings

warnings.simplefilter("ignore")
import logging

logging.disable(logging.CRITICAL)
import requests
from airbyte_cdk.sources.declarative.extractors.record_selector import extracted_record_count
from airbyte_cdk.sources.declarative.models import declarative_component_schema as models
from airbyte_cdk.sources.declarative.parsers.model_to_component_factory import ModelToComponentFactory
from airbyte_cdk.sources.types import StreamSlice

FACTORY = ModelToComponentFactory()
CASES = []


def case(field_path=("data",), body=None, transformations=(), condition=None, schema=None, config=None, slice_=None, token=None, extractor=None, unordered=False, text=None, **selector):
    row = {"path": list(field_path)} if extractor is None else {"extractor": extractor}
    row.update({"page": body} if text is None else {"text": text})
    for name, value in (("selector", selector), ("transformations", list(transformations)), ("config", config), ("slice", slice_), ("token", token), ("schema", schema), ("unordered", unordered)):
        if value:
            row[name] = value
    if condition is not None:
        row["filter"] = condition
    CASES.append(row)


def run(row):
    config = row.get("config", {})
    made = [FACTORY.create_component(getattr(models, t["type"]), t, config) for t in row.get("transformations", [])]
    component = {"type": "RecordSelector", "extractor": row.get("extractor") or {"type": "DpathExtractor", "field_path": row["path"]}, **row.get("selector", {})}
    if "filter" in row:
        component["record_filter"] = {"type": "RecordFilter", "condition": row["filter"]}
    selector = FACTORY.create_component(models.RecordSelector, component, config, name="s", transformations=made)
    response = requests.Response()
    response.status_code = 200
    response._content = (row["text"] if "text" in row else json.dumps(row["page"])).encode("utf-8", "surrogatepass")
    slice_ = StreamSlice(partition=row.get("slice", {}), cursor_slice={})
    records = []
    try:
        for record in selector.select_records(response, {}, row.get("schema", {}), slice_, row.get("token")):
            data = dict(record.data) if isinstance(record.data, dict) else record.data
            if row.get("unordered"):
                data = dict(sorted(data.items(), key=lambda item: repr(item[0])))
            records.append(repr(data))
        row["count"] = extracted_record_count(response, -1)
    except Exception as error:  # the class is the answer
        row["error"] = type(error).__name__
    row["records"] = records


def extraction():
    bodies = [
        {"data": [{"id": 1}, {"id": 2}]}, {"data": {"id": 1}}, {"data": {}}, {"data": []}, {"data": None}, {"data": "text"},
        {"data": 0}, {"data": 5}, {"data": [1, "a", None, {}, [], {"id": 3}]}, {}, [], [{"data": [{"id": 1}]}, {"data": [{"id": 2}]}],
        {"data": {"items": [{"id": 1}], "more": [{"id": 2}]}}, {"data": [[{"id": 1}], [{"id": 2}]]}, {"other": {"data": [{"id": 9}]}},
        {"data": [{"id": 1, "": 2}]}, {"x": {"": 1}, "data": [{"id": 1}]}, {"data": {"0": {"id": "zero"}, "1": {"id": "one"}}},
        {"data": [{"items": [{"id": 1}]}, {"items": [{"id": 2}]}]}, {"data": {"a": {"items": [{"id": 1}]}, "b": {"items": {"id": 2}}}},
        5, "text", None, True, [1, 2], [[{"data": 1}]],
    ]
    paths = [["data"], [], ["*"], ["data", "*"], ["data", "0"], ["data", "1"], ["data", "-1"], ["data", "items"], ["data", "*", "items"],
             ["data", "*", "items", "*"], ["**", "id"], ["**"], ["d*"], ["dat?"], ["[a-e]ata"], ["data", "**", "id"], ["data", ""], ["data", "True"]]
    for body in bodies:
        for path in paths:
            case(path, body)
    case(["{{ config.where }}"], {"x": [{"id": 1}]}, config={"where": "x"})
    case(["{{ parameters.where }}"], {"x": [{"id": 1}]}, extractor={"type": "DpathExtractor", "field_path": ["{{ parameters['where'] }}"], "$parameters": {"where": "x"}})
    case(["{{ config.none }}"], {"x": [{"id": 1}]})
    for text in ['{"data": [{"id": 18446744073709551616, "f": 1.0, "g": 1e400}]}', '{"data": [{"id": 9223372036854775808}]}', '{"data": [{"id": 18446744073709551616}]}', "", "not json", '{"data": [{"a": 1, "a": 2}]}', '{"data": [NaN]}', '{"data": [{"e": 1e5, "z": -0.0, "n": 0.1}]}']:
        case(["data"], text=text)


def expanding():
    parent = {"id": "p", "lines": {"data": [{"id": 1, "x": {"y": 1}}, {"id": 2}, "scalar", None, 3], "has_more": True, "total_count": 9}, "tags": ["a"]}
    other = {"id": "q", "lines": {"data": []}}
    third = {"id": "r", "sections": [{"items": [{"id": 1}]}, {"items": [{"id": 2}], "n": 1}], "lines": {"data": {"id": 5}}}
    paths = [["lines", "data"], ["sections", "*", "items"], ["nothing"], ["tags"], ["*", "data"], [], ["lines"], ["sections", "0", "items"], ["**", "items"], ["{{ config.a }}", "data"]]
    options = [{}, {"remain_original_record": True}, {"on_no_records": "emit_parent"}, {"merge_parent": True}, {"merge_parent": True, "remain_original_record": True},
               {"parent_fields": [{"type": "ParentFieldPath", "parent_path": ["id"], "record_path": ["parent_id"]}]},
               {"parent_fields": [{"type": "ParentFieldPath", "parent_path": ["tags", "0"], "record_path": ["deep", "tag"]}, {"type": "ParentFieldPath", "parent_path": ["lines", "none"], "record_path": ["none"]}]},
               {"parent_fields": [{"type": "ParentFieldPath", "parent_path": ["tags"], "record_path": ["id", "tag"]}]},
               {"truncation_indicator_path": ["lines", "has_more"]}]
    for path in paths:
        for option in options:
            case(extractor={"type": "DpathExtractor", "field_path": ["data"], "record_expander": {"type": "RecordExpander", "expand_records_from_field": path, **option}},
                 body={"data": [parent, other, third, "text"]}, config={"a": "lines"})
    for body in ({"data": {"id": 1, "lines": [1, {"a": 2}]}}, {"data": [{"": 1, "lines": []}]}, {"data": {"lines": [[1], {"b": 1}]}}):
        for option in options:
            case(extractor={"type": "DpathExtractor", "field_path": ["data"], "record_expander": {"type": "RecordExpander", "expand_records_from_field": ["lines"], **option}}, body=body)


def combining():
    body = {"a": [{"id": 1}, None, {}], "b": {"c": [{"id": 2}, []]}, "e": [None, {}], "d": {"id": 3}}
    dpath = lambda *path: {"type": "DpathExtractor", "field_path": list(path)}
    sets = [[dpath("a"), dpath("b", "c")], [dpath("x"), dpath("b", "c"), dpath("a")], [dpath("e"), dpath("d")], [dpath("d"), dpath("d")], [dpath("x"), dpath("y")]]
    for extractors in sets:
        for mode in ("union", "first_match", None):
            for skip in (False, True):
                extractor = {"type": "CombinedExtractor", "extractors": extractors, "skip_empty_records": skip}
                if mode:
                    extractor["mode"] = mode
                case(extractor=extractor, body=body)
                case(extractor=extractor, body=[body, {"a": [{"id": 7}], "d": {"id": 8}}])
                case(extractor={"type": "CombinedExtractor", "mode": "first_match", "extractors": [extractor, dpath("d")]}, body=body)
    case(extractor={"type": "CombinedExtractor", "extractors": [dpath("d"), dpath("d")]}, body={"d": [{"id": 1}]}, transformations=[{"type": "AddFields", "fields": [{"type": "AddedFieldDefinition", "path": ["n"], "value": "{{ (record.n or 0) + 1 }}"}]}])


def adding():
    record = {"id": 7, "name": "n", "nested": {"a": 1}, "list": [1, {"b": 2}], "null": None, "text": "007", "flag": True}
    add = lambda path, value, **more: {"type": "AddFields", "fields": [{"type": "AddedFieldDefinition", "path": path, "value": value, **{k: v for k, v in more.items() if k == "value_type"}}], **{k: v for k, v in more.items() if k != "value_type"}}
    for path in (["new"], ["id"], ["nested", "b"], ["nested", "b", "c"], ["list", "0"], ["list", "5"], ["list", "1", "c"], ["made", "0", "x"], ["made", "x", "2"], ["id", "x"], ["null", "x"], ["text", "0"], ["list", "x"], ["", "a"], ["5"], ["nested", "0"], ["list", "-1"], ["*"], ["a/b"], ["list", "1", "b", "c"]):
        case(body={"data": [record]}, transformations=[add(path, "v")])
    values = ["{{ record['id'] }}", "{{ record['text'] }}", "{{ record.missing }}", "{{ record.missing.deeper }}", "{{ record['null'] }}", "{{ record['nested'] }}", "{{ record['list'] }}", "12", "1.5", "true", "True", "{{ 1, 2 }}", "{{ [] }}", "{}", "{{ record['flag'] }}",
              "{{ config['c'] }}", "{{ stream_slice['p'] }}", "{{ stream_partition.p }}", "{{ stream_interval.q }}", "{{ parameters['x'] }}", "{{ next_page_token }}", "{{ unknown }}", "{{ record['id'] + 1 }}", "a{{ record['id'] }}", "{{ 10 ** 30 }}", "{{ 1 / 0 }}", "'quoted'", " spaced ", "", "1e5", "00012", "None", "{{ none }}", "(1,)", "b'x'", "{1, 2}"]
    for value in values:
        case(body={"data": [record]}, transformations=[add(["new"], value)], config={"c": "C"}, slice_={"p": "P"})
        for kind in ("string", "number", "integer", "boolean"):
            case(body={"data": [record]}, transformations=[add(["new"], value, value_type=kind)], config={"c": "C"}, slice_={"p": "P"})
    for condition in ("{{ record['id'] == 7 }}", "{{ false }}", "{{ value == 'v' }}", "{{ path == ['new'] }}", "", "{{ none }}", "false", "{{ record.missing }}", "{{ unknown }}", "{{ property }}"):
        case(body={"data": [record]}, transformations=[add(["new"], "v", condition=condition)])
    case(body={"data": [{"id": 1}, {"id": 2}]}, transformations=[add(["a"], "{{ record.id }}"), add(["b"], "{{ record.a + 1 }}")])
    case(body={"data": ["text"]}, transformations=[add(["a"], "1")])
    case(body={"data": [{"id": 1}]}, transformations=[{"type": "AddFields", "fields": [{"type": "AddedFieldDefinition", "path": ["a"], "value": "[1, {'x': 2}]"}, {"type": "AddedFieldDefinition", "path": ["a", "1", "y"], "value": "3"}]}])
    case(body={"data": [{"id": 1}, {"id": 2}]}, transformations=[add(["a"], "{{ parameters.p }}", **{"$parameters": {"p": 4}})])
    case(body={"data": [{"id": 1, "": 2}]}, field_path=[], transformations=[add(["a"], "1")])


def removing():
    record = {"id": 7, "nested": {"a": 1, "b": {"c": 2}}, "list": [1, 2, {"b": 2}], "null": None, "text": "t", "ab": 1, "ac": 2, "0": "zero"}
    pointers = [[["id"]], [["nested", "a"]], [["nested", "b", "c"]], [["nested"], ["nested", "a"]], [["list", "0"]], [["list", "2"]], [["list", "-1"]], [["list", "*"]], [["list", "2", "b"]], [["missing"]], [["a*"]], [["**"]], [["**", "b"]], [["*", "b"]], [["null"]], [["0"]], [["text", "x"]], [["?b"]], [["[ab]b"]], [[]], [[""]], [["**", "**"]], []]
    for pointer in pointers:
        case(body={"data": [record]}, transformations=[{"type": "RemoveFields", "field_pointers": pointer}])
        for condition in ("{{ property == none }}", "{{ property == 2 }}", "{{ false }}", "{{ property == 't' }}", "{{ true }}"):
            case(body={"data": [record]}, transformations=[{"type": "RemoveFields", "field_pointers": pointer, "condition": condition}])
    case(body={"data": [{"a": {"": 1}}]}, field_path=[], transformations=[{"type": "RemoveFields", "field_pointers": [["x"]]}])
    case(body={"data": [record]}, transformations=[{"type": "RemoveFields", "field_pointers": [["id"]], "condition": "{{ record }}"}])
    case(body={"data": [record]}, transformations=[{"type": "RemoveFields", "field_pointers": [["id"]], "condition": "{{ parameters.x }}", "$parameters": {"x": True}}])


def keys():
    records = [{"Id": 1, "userName": {"FirstName": "x", "list": [{"InList": 1}]}, "HTTPServer2Go": 1, "a b": 2, "a-b": 3, "É té": 4, "__x__": 5, "": 6, "2nd": 7, "x": 8, "X": 9},
               {"created time": 1, "created_time": 2, "a": {"b c": {"d e": 1}}}, {}, {"A": 1, "a": 2}, {"ÄÖ": 1, "straße": 2, "İ": 3, "ΑΣ": 4, "Приве́т": 5, "€": 6, "²": 7, "a.b": 8, "$": 9, "1": 1, "1a2B": 2, "aB1": 3, "ABCd": 4, "aBC": 5, " lead": 6, "trail ": 7, "a  b": 8, "_": 9, "a_": 10}]
    for record in records:
        body = {"data": [record, {"k": 1}]}
        case(field_path=[], body=[record], transformations=[{"type": "KeysToLower"}], unordered=True)
        case(field_path=[], body=[record], transformations=[{"type": "KeysToSnakeCase"}])
        for old, new in ((" ", "_"), ("a", ""), ("", "-"), ("{{ config.old }}", "{{ record.x or 'n' }}"), ("é", "e"), ("1", "2"), ("{{ stream_slice.p }}", "s")):
            case(field_path=[], body=[record], transformations=[{"type": "KeysReplace", "old": old, "new": new}], config={"old": "t"}, slice_={"p": "u"})


def flattening():
    records = [{"a": 1, "b": {"c": 2, "d": {"e": 3}}, "f": [1, {"g": 2}, [3, 4]], "h": {}, "i": []}, {"a": {"x": 1}, "b": {"x": 2}}, {"x": 1, "a": {"x": 2}}, {"a": {"x": 2}, "x": 1},
               {"a": [{"x": 1}, {"x": 2}]}, {"a": None, "b": {"a": 1}}, {}, {"l": [], "b": {"a": 1, "c": {"a": 2}}, "a": 5}, {"_": 1, "a": {"_": 2}}, {"p": [[1]], "q": {"r": [{"s": {"t": 1}}]}}]
    for record in records:
        for lists in (None, True, False):
            case(field_path=[], body=[record], transformations=[{"type": "FlattenFields", **({} if lists is None else {"flatten_lists": lists})}])
    records = [{"id": 1, "data": {"x": 1, "y": {"z": 2}}}, {"id": 1, "data": {"id": 2, "y": 3}}, {"id": 1, "data": [1]}, {"id": 1}, {"id": 1, "data": {}}, {"id": 1, "data": None}, {"data": {"data": 5}}, {"id": 1, "a": {"data": {"k": 1}}, "b": {"data": {"l": 2}}}, {"data": {"inner": {"id": 9, "q": 1}}, "id": 1}]
    keys_ = [None, {"prefix": "p_"}, {"suffix": "_s"}, {"prefix": "{{ config.p }}", "suffix": "{{ parameters.s }}"}, {"prefix": ""}, {"prefix": "{{ config.none }}"}, {"prefix": "1"}]
    for record in records:
        for path in (["data"], ["*", "data"], ["data", "inner"], ["*"], [], ["{{ config.path }}"], ["**", "inner"], ["d*"]):
            for option in ({}, {"delete_origin_value": True}, {"replace_record": True}, {"replace_record": True, "delete_origin_value": True}):
                case(field_path=[], body=[record], transformations=[{"type": "DpathFlattenFields", "field_path": path, **option}], config={"path": "data"})
        for key in keys_:
            for option in ({}, {"delete_origin_value": True}, {"replace_record": True}):
                transformation = {"type": "DpathFlattenFields", "field_path": ["data"], **option, "$parameters": {"s": "_x"}}
                if key is not None:
                    transformation["key_transformation"] = {"type": "KeyTransformation", **key}
                case(field_path=[], body=[record], transformations=[transformation], config={"p": "cp_"})


def filtering():
    records = [{"id": 1, "s": "a", "n": None}, {"id": 2, "s": "b"}, {"id": 3}]
    add = {"type": "AddFields", "fields": [{"type": "AddedFieldDefinition", "path": ["id"], "value": "{{ record['id'] * 10 }}"}]}
    for condition in ("{{ record['id'] > 1 }}", "{{ record.s == 'b' }}", "{{ record.n }}", "{{ 'n' in record }}", "", "{{ stream_slice['p'] == 'P' }}", "{{ next_page_token['t'] == 1 }}", "{{ config.c }}", "{{ record['id'] }}", "false", "0", "{{ [] }}", "{{ {} }}", "{{ none }}", "{{ ' ' }}", "{{ parameters.x }}", "{{ unknown }}", "{{ record.x.y }}", "no", "{{ () }}", "0.0", "{{ 0.0 }}", "{{ record['id'] >= 20 }}"):
        for first in (None, True, False):
            more = {} if first is None else {"transform_before_filtering": first}
            case(body={"data": records}, condition=condition, transformations=[add], slice_={"p": "P"}, token={"t": 1}, config={"c": True}, **more)
    case(body={"data": records + ["x", None, 5]}, condition="{{ record }}")


def normalising():
    values = [None, True, False, 0, 1, -5, 1.0, 1.5, -0.0, 1e300, "", "1", " 12 ", "1_000", "1.5", "1e3", "abc", "true", "Yes", "OFF", "nan", "inf", "-Infinity", "12.0", "0x10", "+7", "--7", "1__0", "_1", ".5", "5.", "e5", [], [1, "2"], {}, {"a": "1"}, 10**30, 2**70]
    types = ["string", "number", "integer", "boolean", "array", "object", "null", ["null", "string"], ["null", "number"], ["integer", "null"], ["null", "boolean"], ["null", "array"], ["string", "integer"], [], ["null"]]
    for kind in types:
        for value in values:
            case(body={"data": [{"v": value}]}, schema={"type": "object", "properties": {"v": {"type": kind}}}, schema_normalization="Default")
    schemas = [{"type": "array", "items": {"type": "string"}}, {"type": "array", "items": {"type": ["null", "string"]}}, {"type": "array", "items": {"type": ["integer"]}}, {"type": "array", "items": {"type": ["object"]}}, {"type": "array", "items": {}},
               {"type": "array", "items": [{"type": "string"}]}, {"type": "array", "items": True}, {"anyOf": [{"type": "string"}, {"type": "null"}]}, {"oneOf": [{"type": "integer"}]}, {}, True, {"type": ["null", "object"], "properties": {"a": {"type": "integer"}, "b": {"type": "string"}}},
               {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "object", "properties": {"c": {"type": "number"}}}}}}, {"$ref": "#/definitions/d"}, {"type": "string", "$ref": "#/definitions/d"}, {"$ref": "#/definitions/none"},
               {"properties": {"a": {"type": "integer"}}}, {"items": {"type": "integer"}}, {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}}, {"type": "object", "additionalProperties": {"type": "string"}}, {"enum": ["a"]}, {"type": "string", "format": "date"}]
    values = [None, 5, "5", [1, "2", None, True], [], {"a": "7", "b": 8}, {"a": [{"c": "1.5"}, {"c": None}, "x"]}, [["1"], 2, "3"], {"a": "x", "z": "1"}, 1.5, True, "x", [{"a": "3"}]]
    for schema in schemas:
        for value in values:
            case(body={"data": [{"v": value, "w": "3"}]}, schema={"type": "object", "definitions": {"d": {"type": "object", "properties": {"a": {"type": "integer"}}}}, "properties": {"v": schema, "missing": {"type": "integer"}}}, schema_normalization="Default")
    case(body={"data": [{"v": "1"}]}, schema={"type": "object", "properties": {"v": {"type": "integer"}}})
    case(body={"data": [{"v": "1"}]}, schema={"type": "object", "properties": {"v": {"type": "integer"}}}, schema_normalization="None")
    case(body={"data": [{"v": "1"}]}, schema={}, schema_normalization="Default")
    case(body={"data": [{"v": 1e400}]}, text='{"data": [{"v": 1e400}]}', schema={"properties": {"v": {"type": "integer"}}}, schema_normalization="Default")
    case(text='{"data": [{"v": ' + "9" * 400 + ', "w": NaN}]}', schema={"properties": {"v": {"type": "number"}}}, schema_normalization="Default")
    case(body={"data": [{"v": "1", "id": 5}]}, schema={"properties": {"v": {"type": "integer"}, "id": {"type": "string"}}}, schema_normalization="Default", condition="{{ record.v == '1' }}", transformations=[{"type": "AddFields", "fields": [{"type": "AddedFieldDefinition", "path": ["v"], "value": "{{ record.id ~ '1' }}", "value_type": "string"}]}])


for group in (extraction, expanding, combining, adding, removing, keys, flattening, filtering, normalising):
    group()
for row in CASES:
    run(row)
    sys.stdout.write(json.dumps(row, separators=(",", ":")) + "\n")
