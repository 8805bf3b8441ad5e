// millrace-interpolate: answers templates, one JSON object a line, so that the evaluator can be
// compared with another (tests/declarative/README.md tells the format).
#include <chrono>
#include <cmath>
#include <ctime>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>

#include "declarative/jinja/interpolation.h"
#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_json.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_stream_slice.h"

namespace millrace {
namespace {

using Kind = PyValue::Kind;

PyValue Marked(const char* mark, PyValue value) {
  PyDict dict;
  dict.Append(PyValue(mark), std::move(value));
  return PyValue(std::move(dict));
}

/// The value in what JSON has; other kinds are marked.
PyValue Encoded(const PyValue& value) {
  const auto all = [](const PyList& items) {
    PyList encoded;
    for (const PyValue& item : items) encoded.push_back(Encoded(item));
    return PyValue::List(std::move(encoded));
  };
  switch (value.kind()) {
    case Kind::kEllipsis:
      return Marked("$ellipsis", true);
    case Kind::kFloat:
      if (std::isfinite(value.as_float())) return value;
      return Marked("$float", PyRepr(value));
    case Kind::kTuple:
      return Marked("$tuple", all(value.items()));
    case Kind::kSet:
      return Marked("$set", all(value.items()));
    case Kind::kBytes: {
      std::string text;
      for (const char byte : value.str()) {
        const auto code = static_cast<unsigned char>(byte);
        if (code >= 0x80) text.push_back(static_cast<char>(0xC0 | code >> 6));
        text.push_back(static_cast<char>(code < 0x80 ? code : 0x80 | (code & 0x3F)));
      }
      return Marked("$bytes", std::move(text));
    }
    case Kind::kList:
      return all(value.items());
    case Kind::kDict: {
      PyDict members;
      PyList pairs;
      bool text_keys = true;
      for (const auto& [key, member] : value.dict()) {
        text_keys = text_keys && key.is_str();
        pairs.push_back(PyValue::List({Encoded(key), Encoded(member)}));
        members.Append(key, Encoded(member));
      }
      if (!text_keys) return Marked("$dict", PyValue::List(std::move(pairs)));
      return PyValue(std::move(members));
    }
    default:
      return value;
  }
}

const PyValue kNone;

const PyValue& Member(const PyValue& dict, std::string_view name, const PyValue& missing = kNone) {
  const PyValue* member = dict.Find(name);
  return member == nullptr ? missing : *member;
}

PyValue SliceFrom(const PyValue& parts) {
  const PyValue empty{PyDict()};
  return PyStreamSlice::Make(Member(parts, "partition", empty),
                             Member(parts, "cursor_slice", empty),
                             Member(parts, "extra_fields", empty));
}

Result<LiteralTypes> TypesOf(const PyValue& value_type) {
  if (value_type.is_none()) return LiteralTypes::kAny;
  if (value_type.str() == "string") return LiteralTypes::kStr;
  if (value_type.str() == "number") return LiteralTypes::kNumber;
  if (value_type.str() == "integer") return LiteralTypes::kInteger;
  if (value_type.str() == "boolean") return LiteralTypes::kBoolean;
  return PyError("ValueError", "an unknown value_type");
}

/// One question: a template, what it may see, and how it's meant.
class Question {
 public:
  Question(const PyValue& entry, const Clock& clock)
      : entry_(entry),
        given_(Member(entry, "context")),
        config_(Member(given_, "config", empty_)),
        parameters_(Member(given_, "parameters", empty_)),
        context_(clock, config_) {
    const PyValue& parts = Member(given_, "stream_slice");
    slice_ = parts.is_dict() ? SliceFrom(parts) : parts;
  }

  Result<PyValue> Answer() {
    const PyValue& kind = Member(entry_, "kind");
    const PyValue& text = Member(entry_, "template");
    if (!kind.is_str()) return PyError("ValueError", "a question without a kind");
    if (kind.str() == "params" || kind.str() == "headers") return Request(kind.str() == "params");
    if (kind.str() == "add_fields") return AddFields();
    if (kind.str() == "filter") return Filter();
    MR_RETURN_IF_ERROR(SetAll());
    if (kind.str() == "string") {
      return InterpolatedString(text.str(), parameters_).Evaluate(context_);
    }
    if (kind.str() == "boolean") {
      MR_ASSIGN_OR_RETURN(const bool holds,
                          InterpolatedBoolean(text, parameters_).Evaluate(context_));
      return PyValue(holds);
    }
    if (kind.str() == "mapping") return InterpolatedMapping(text, parameters_).Evaluate(context_);
    if (kind.str() == "nested") {
      return InterpolatedNestedMapping(text, parameters_).Evaluate(context_);
    }
    return PyError("ValueError", "an unknown kind");
  }

 private:
  Status SetAll() {
    size_t count = 1;
    if (!given_.is_dict()) return Status::Ok();
    for (const auto& [name, value] : given_.dict()) {
      if (name.str() == "config" || name.str() == "parameters") continue;
      if (name.str() == "stream_interval" || name.str() == "stream_partition" ||
          ++count > InterpolationContext::kVariablesMax) {
        return PyError("ValueError", "a reserved name, or too many");
      }
      context_.Set(name.str(), name.str() == "stream_slice" ? slice_ : value);
    }
    return Status::Ok();
  }

  Result<PyValue> Request(bool params) {
    context_.Set("stream_slice", slice_).Set("next_page_token", Member(given_, "next_page_token"));
    const PyValue& inputs = Member(entry_, "template");
    if (inputs.is_str() && !inputs.str().empty()) {
      return InterpolatedString(inputs.str(), parameters_).Evaluate(context_);
    }
    const InterpolatedMapping mapping(inputs, parameters_);
    MR_ASSIGN_OR_RETURN(const PyValue all,
                        params
                            ? mapping.Evaluate(context_, LiteralTypes::kStrOrList)
                            : mapping.Evaluate(context_, LiteralTypes::kAny, LiteralTypes::kAny));
    PyDict kept;
    for (const auto& [key, value] : all.dict()) {
      if (!value.is_none()) kept.Append(key, value);
    }
    return PyValue(std::move(kept));
  }

  Result<PyValue> AddFields() {
    const PyValue& record = Member(given_, "record");
    context_.Set("record", record).Set("stream_slice", slice_);
    MR_ASSIGN_OR_RETURN(const LiteralTypes types, TypesOf(Member(entry_, "value_type")));
    MR_ASSIGN_OR_RETURN(PyValue value,
                        InterpolatedString(Member(entry_, "template").str(), parameters_)
                            .Evaluate(context_, types));
    record.mutable_dict().Set("out", std::move(value));
    return record;
  }

  Result<PyValue> Filter() {
    context_.Set("record", Member(given_, "record"))
        .Set("stream_slice", slice_)
        .Set("next_page_token", Member(given_, "next_page_token"));
    MR_ASSIGN_OR_RETURN(
        const bool stays,
        InterpolatedBoolean(Member(entry_, "template"), parameters_).Evaluate(context_));
    return PyValue(stays);
  }

  const PyValue empty_{PyDict()};
  const PyValue& entry_;
  const PyValue& given_;
  const PyValue& config_;
  const PyValue& parameters_;
  PyValue slice_;
  InterpolationContext context_;
};

std::string AnswerLine(const std::string& line, const Clock& clock) {
  PyDict answer;
  const Result<PyValue> entry = ParsePyJson(line, PyJsonDialect::kPython);
  if (!entry.ok() || !entry->is_dict()) {
    answer.Set("error", PyValue("a line that is no JSON object"));
  } else {
    answer.Set("id", Member(*entry, "id"));
    const Result<PyValue> value = Question(*entry, clock).Answer();
    if (value.ok()) {
      answer.Set("value", Encoded(*value));
    } else {
      const std::string& message = value.status().error().message;
      answer.Set("error", PyValue(message.substr(0, message.find(": "))));
    }
  }
  std::string text;
  const Status status = AppendPyJson(PyValue(std::move(answer)), PyJsonStyle(), &text);
  return status.ok() ? text : "{\"error\": \"an answer that JSON can't say\"}";
}

/// Stands still.
class FixedClock final : public Clock {
 public:
  explicit FixedClock(WallTime now) : now_(now) {}
  SteadyTime Now() const override { return System().Now(); }
  WallTime WallNow() const override { return now_; }

 private:
  const WallTime now_;
};

}  // namespace
}  // namespace millrace

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  std::optional<millrace::FixedClock> fixed;
  if (argc == 3 && std::string_view(argv[1]) == "--now") {
    std::tm fields{};
    if (strptime(argv[2], "%Y-%m-%dT%H:%M:%SZ", &fields) == nullptr) {
      std::cerr << "--now takes a time such as 2024-03-10T12:00:00Z\n";
      return 2;
    }
    fixed.emplace(millrace::WallTime(std::chrono::seconds(timegm(&fields))));
  } else if (argc != 1) {
    std::cerr << "usage: millrace-interpolate [--now TIME] < questions\n";
    return 2;
  }
  const millrace::Clock& clock = fixed ? *fixed : millrace::Clock::System();
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << millrace::AnswerLine(line, clock) << '\n' << std::flush;
  }
}
