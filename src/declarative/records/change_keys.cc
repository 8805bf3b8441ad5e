#include <fmt/format.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "declarative/jinja/py_case.h"
#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/records/snake_case.h"
#include "declarative/records/transformations.h"

namespace millrace {
namespace {

using ChangeKey = std::function<Result<std::string>(const std::string& key)>;

constexpr int kDepthMax = 500;

Status NoTextKey(const PyValue& key, std::string_view attribute) {
  return PyError("AttributeError",
                 fmt::format("'{}' object has no attribute '{}'", PyTypeName(key), attribute));
}

/// A dict with changed keys, also in the dicts that stand in it (not in its lists). Of keys that
/// come to the same the last one's value counts.
Result<PyDict> WithChangedKeys(const PyDict& dict, const ChangeKey& change,  // NOLINT: bounded
                               std::string_view attribute, int depth = 0) {
  if (depth > kDepthMax) return PyError("RecursionError", "maximum recursion depth exceeded");
  PyDict changed;
  changed.Reserve(dict.size());
  for (const auto& [key, value] : dict) {
    if (!key.is_str()) return NoTextKey(key, attribute);
    MR_ASSIGN_OR_RETURN(std::string name, change(key.str()));
    PyValue kept = value;
    if (value.is_dict()) {
      MR_ASSIGN_OR_RETURN(PyDict within,
                          WithChangedKeys(value.dict(), change, attribute, depth + 1));
      kept = PyValue(std::move(within));
    }
    changed.Set(PyValue(std::move(name)), std::move(kept));
  }
  return changed;
}

class KeysToLower final : public RecordTransformation {
 public:
  Status Transform(const PyValue& record, RecordContext&) const override {
    // Each key in turn goes to the back under its new name, over what stands there.
    const PyDict before = record.dict();
    PyDict& dict = record.mutable_dict();
    for (const auto& [key, unused] : before) {
      const PyValue* const there = dict.Find(key);
      if (there == nullptr) continue;
      if (!key.is_str()) return NoTextKey(key, "lower");
      PyValue value = *there;
      dict.Erase(key);
      dict.Set(PyValue(PyLower(key.str())), std::move(value));
    }
    return Status::Ok();
  }
};

class KeysToSnakeCase final : public RecordTransformation {
 public:
  Status Transform(const PyValue& record, RecordContext&) const override {
    MR_ASSIGN_OR_RETURN(record.mutable_dict(),
                        WithChangedKeys(record.dict(), SnakeCaseKey, "isascii"));
    return Status::Ok();
  }
};

std::string Replaced(const std::string& text, const std::string& old, const std::string& with) {
  std::string replaced;
  if (old.empty()) {  // between any two characters
    for (const char character : text) {
      const bool within = (static_cast<unsigned char>(character) & 0xC0) == 0x80;
      if (!within) replaced += with;
      replaced += character;
    }
    return replaced + with;
  }
  size_t from = 0;
  for (;;) {
    const size_t found = text.find(old, from);
    replaced.append(text, from, found - from);
    if (found == std::string::npos) return replaced;
    replaced += with;
    from = found + old.size();
  }
}

class KeysReplace final : public RecordTransformation {
 public:
  KeysReplace(InterpolatedString old, InterpolatedString with)
      : old_(std::move(old)), with_(std::move(with)) {}

  Status Transform(const PyValue& record, RecordContext& context) const override {
    MR_ASSIGN_OR_RETURN(const std::string old, old_.EvaluateText(context.ForTransformation()));
    MR_ASSIGN_OR_RETURN(const std::string with, with_.EvaluateText(context.ForTransformation()));
    const auto change = [&](const std::string& key) -> Result<std::string> {
      return Replaced(key, old, with);
    };
    MR_ASSIGN_OR_RETURN(record.mutable_dict(), WithChangedKeys(record.dict(), change, "replace"));
    return Status::Ok();
  }

 private:
  const InterpolatedString old_, with_;
};

}  // namespace

Result<std::unique_ptr<const RecordTransformation>> MakeKeysToLower(const Component&,
                                                                    const EngineEnvironment&) {
  return std::make_unique<KeysToLower>();
}

Result<std::unique_ptr<const RecordTransformation>> MakeKeysToSnakeCase(const Component&,
                                                                        const EngineEnvironment&) {
  return std::make_unique<KeysToSnakeCase>();
}

Result<std::unique_ptr<const RecordTransformation>> MakeKeysReplace(const Component& component,
                                                                    const EngineEnvironment&) {
  if (!component.Has("old")) return component.FieldError("old", "is missing");
  if (!component.Has("new")) return component.FieldError("new", "is missing");
  MR_ASSIGN_OR_RETURN(InterpolatedString old, component.Template("old"));
  MR_ASSIGN_OR_RETURN(InterpolatedString with, component.Template("new"));
  return std::make_unique<KeysReplace>(std::move(old), std::move(with));
}

}  // namespace millrace
