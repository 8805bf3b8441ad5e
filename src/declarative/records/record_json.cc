#include "declarative/records/record_json.h"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <utility>

#include "declarative/jinja/py_json.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/records/raw_records.h"

namespace millrace {
namespace {

using Kind = PyValue::Kind;

constexpr int kDepthMax = 250;

/// A copy that JSON can hold: what it can't is None.
PyValue Printable(const PyValue& value, int depth = 0) {  // NOLINT(misc-no-recursion): bounded
  switch (value.kind()) {
    case Kind::kNone:
    case Kind::kBool:
    case Kind::kInt:
    case Kind::kBigInt:
    case Kind::kStr:
      return value;
    case Kind::kFloat:
      return std::isfinite(value.as_float()) ? value : PyValue();
    case Kind::kList:
    case Kind::kTuple: {
      if (depth > kDepthMax) return PyValue();
      PyList items;
      for (const PyValue& item : value.items()) items.push_back(Printable(item, depth + 1));
      return PyValue::List(std::move(items));
    }
    case Kind::kDict: {
      if (depth > kDepthMax) return PyValue();
      PyDict members;
      for (const auto& [key, member] : value.dict()) {
        std::string name;
        AppendKeyText(key, &name);
        members.Set(PyValue(std::move(name)), Printable(member, depth + 1));
      }
      return PyValue(std::move(members));
    }
    default:
      return PyValue();
  }
}

/// The message in Python's dialect.
Status AppendPythonLine(std::string_view stream, const DeclarativeRecord& record,
                        int64_t emitted_at_ms, std::string* text) {
  PyDict data;
  for (const auto& [key, value] : record.data.dict()) {
    if (!value.is_none()) data.Append(key, value);
  }
  PyDict message{{"stream", PyValue(stream)},
                 {"data", PyValue(std::move(data))},
                 {"emitted_at", PyValue(emitted_at_ms)}};
  if (record.file_reference.is_dict()) message.Append("file_reference", record.file_reference);
  const PyValue line(PyDict{{"type", "RECORD"}, {"record", PyValue(std::move(message))}});
  if (!AppendPyJson(line, {}, text).ok()) {
    return SystemError("a record of stream {} can't be written as JSON", stream);
  }
  *text += '\n';
  return Status::Ok();
}

/// The message as orjson prints it; false: it can't.
bool AppendOrjsonLine(std::string_view stream, const DeclarativeRecord& record,
                      int64_t emitted_at_ms, std::string* text) {
  *text += R"({"type":"RECORD","record":{"stream":)";
  if (!AppendJsonText(stream, PyJsonText::kUtf8, text)) return false;
  *text += R"(,"data":{)";
  bool first = true;
  for (const auto& [key, value] : record.data.dict()) {
    if (value.is_none()) continue;
    if (!first) *text += ',';
    first = false;
    if (!key.is_str() || !AppendJsonText(key.str(), PyJsonText::kUtf8, text)) return false;
    *text += ':';
    if (!AppendOrjson(value, text).ok()) return false;
  }
  fmt::format_to(std::back_inserter(*text), FMT_COMPILE("}},\"emitted_at\":{}"), emitted_at_ms);
  if (record.file_reference.is_dict()) {
    *text += R"(,"file_reference":)";
    if (!AppendOrjson(record.file_reference, text).ok()) return false;
  }
  *text += "}}\n";
  return true;
}

}  // namespace

void AppendRecordJson(const PyValue& value, std::string* text) {
  if (AppendOrjson(value, text).ok()) return;
  if (!AppendPyJson(Printable(value), kCompactPyJson, text).ok()) *text += "null";
}

void AppendKeyText(const PyValue& key, std::string* text) {
  switch (key.kind()) {
    case Kind::kNone:
      *text += "null";
      return;
    case Kind::kBool:
      *text += key.as_bool() ? "true" : "false";
      return;
    default:
      AppendPyStr(key, text);
  }
}

Status AppendRecordLine(std::string_view stream, const DeclarativeRecord& record,
                        int64_t emitted_at_ms, std::string* text) {
  if (!record.text.empty()) {
    MR_ASSIGN_OR_RETURN(PyValue whole, WholeRecord(record));
    return AppendRecordLine(stream, {std::move(whole), record.file_reference}, emitted_at_ms, text);
  }
  if (!record.data.is_dict()) return SystemError("a record of stream {} is no object", stream);
  const size_t before = text->size();
  if (AppendOrjsonLine(stream, record, emitted_at_ms, text)) return Status::Ok();
  text->resize(before);
  return AppendPythonLine(stream, record, emitted_at_ms, text);
}

}  // namespace millrace
