#include "script.h"

#include <arrow/type.h>

#include <map>

#include "connector/number_type.h"
#include "golden_file.h"

namespace millrace::synctest {
namespace {

const std::map<std::string, std::shared_ptr<arrow::DataType>>& Types() {
  static const std::map<std::string, std::shared_ptr<arrow::DataType>> types = {
      {"integer", arrow::int64()},
      {"string", arrow::utf8()},
      {"boolean", arrow::boolean()},
      {"number", number()},
      {"json", json_text()},
      {"date", arrow::date32()},
      {"timestamp", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")},
  };
  return types;
}

/// Reads FIELD:TYPE, where TYPE may be {FIELD:TYPE,…} or [TYPE], from `*text` on.
Result<std::shared_ptr<arrow::DataType>> ParseType(std::string_view* text);

Result<std::shared_ptr<arrow::Field>> ParseField(std::string_view* text) {
  const size_t colon = text->find(':');
  if (colon == std::string_view::npos) return ConfigError("{} is not FIELD:TYPE", *text);
  const std::string name(text->substr(0, colon));
  text->remove_prefix(colon + 1);
  MR_ASSIGN_OR_RETURN(auto type, ParseType(text));
  const bool nullable = !text->starts_with('!');
  if (!nullable) text->remove_prefix(1);
  return arrow::field(name, std::move(type), nullable);
}

Result<std::shared_ptr<arrow::DataType>> ParseType(std::string_view* text) {
  const bool list = text->starts_with('[');
  const bool object = text->starts_with('{');
  if (!list && !object) {
    const std::string name(text->substr(0, text->find_first_of(",]}!")));
    const auto found = Types().find(name);
    if (found == Types().end()) return ConfigError("{} is not a type", name);
    text->remove_prefix(name.size());
    return found->second;
  }
  text->remove_prefix(1);
  std::shared_ptr<arrow::DataType> type;
  if (list) {
    MR_ASSIGN_OR_RETURN(type, ParseType(text));
    type = arrow::list(type);
  } else {
    arrow::FieldVector fields;
    do {
      if (text->starts_with(',')) text->remove_prefix(1);
      MR_ASSIGN_OR_RETURN(fields.emplace_back(), ParseField(text));
    } while (text->starts_with(','));
    type = arrow::struct_(std::move(fields));
  }
  if (!text->starts_with(list ? ']' : '}')) return ConfigError("a type is not closed");
  text->remove_prefix(1);
  return type;
}

/// The JSON object of a row, and the words behind it.
Status ParseRow(const std::string& line, Step* step) {
  const size_t begin = line.find('{');
  const size_t end = line.rfind('}');
  if (begin == std::string::npos || end == std::string::npos) {
    return ConfigError("a row needs a JSON object");
  }
  step->text = line.substr(begin, end - begin + 1);
  std::vector<std::string>* list = nullptr;
  for (const std::string& word : Words(line.substr(end + 1))) {
    if (word == "unchanged") {
      list = &step->unchanged;
    } else if (word == "nulled") {
      list = &step->nulled;
    } else if (list != nullptr) {
      list->push_back(word);
    } else {
      return ConfigError("{} stands behind a row, where unchanged or nulled may stand", word);
    }
  }
  return Status::Ok();
}

/// What stands behind the first `skipped` words.
std::string Rest(const std::string& line, size_t skipped) {
  size_t at = 0;
  for (; skipped > 0; --skipped) at = line.find_first_not_of(' ', line.find(' ', at));
  return at == std::string::npos ? "" : line.substr(at);
}

Result<Step> ParseStep(const std::string& line) {
  static const std::map<std::string, Step::Kind> kinds = {
      {"open", Step::Kind::kOpen},           {"row", Step::Kind::kRow},
      {"truncate", Step::Kind::kTruncate},   {"checkpoint", Step::Kind::kCheckpoint},
      {"complete", Step::Kind::kComplete},   {"incomplete", Step::Kind::kIncomplete},
      {"partition", Step::Kind::kPartition}, {"fail", Step::Kind::kFail},
      {"rewritten", Step::Kind::kRewritten}, {"interrupt", Step::Kind::kInterrupt},
      {"cancel", Step::Kind::kCancel},
  };
  const auto words = Words(line);
  const auto kind = kinds.find(words[0]);
  if (kind == kinds.end()) return ConfigError("unknown step {}", words[0]);
  Step step;
  step.kind = kind->second;
  const size_t least = step.kind >= Step::Kind::kInterrupt    ? 1
                       : step.kind >= Step::Kind::kIncomplete ? 3
                                                              : 2;
  if (words.size() < least) return ConfigError("{} needs more words", words[0]);
  if (step.kind == Step::Kind::kFail) {
    step.failure_type = words[1];
    step.text = Rest(line, 2);
    return step;
  }
  if (words.size() > 1 && words[1] != "global") step.stream = ParseStream(words[1]);
  if (step.kind == Step::Kind::kOpen) {
    MR_ASSIGN_OR_RETURN(step.schema, ParseSchema(words));
  } else if (step.kind == Step::Kind::kRow) {
    MR_RETURN_IF_ERROR(ParseRow(line, &step));
  } else if (words.size() > 2) {
    step.text = Rest(line, 2);
  }
  return step;
}

}  // namespace

Result<SchemaPtr> ParseSchema(const std::vector<std::string>& words) {
  arrow::FieldVector fields;
  for (size_t i = 2; i < words.size(); ++i) {
    std::string_view text = words[i];
    MR_ASSIGN_OR_RETURN(fields.emplace_back(), ParseField(&text));
    if (!text.empty()) return ConfigError("{} is not FIELD:TYPE", words[i]);
  }
  return arrow::schema(std::move(fields));
}

StreamDescriptor ParseStream(const std::string& text) {
  const size_t dot = text.find('.');
  if (dot == std::string::npos) return {text, {}};
  return {text.substr(dot + 1), text.substr(0, dot)};
}

Result<std::vector<Step>> ParseScript(const std::vector<std::string>& lines) {
  std::vector<Step> steps;
  for (const std::string& line : lines) {
    auto step = ParseStep(line);
    if (!step.ok()) return step.status().WithContext("\"" + line + "\"");
    steps.push_back(*std::move(step));
  }
  return steps;
}

}  // namespace millrace::synctest
