#include "declarative/manifest/reference_resolver.h"

#include <fmt/format.h>

#include <string>
#include <unordered_set>
#include <utility>

#include "declarative/jinja/py_item.h"
#include "declarative/jinja/py_text.h"

namespace millrace {
namespace {

constexpr std::string_view kReferenceKey = "$ref";
constexpr std::string_view kReferencePrefix = "#/";
/// Its values belong to a configuration: text that looks like a reference is none there.
constexpr std::string_view kConfigValuesKey = "config_overrides";
constexpr int64_t kValuesMax = 3'000'000;
constexpr int kDepthMax = 400;

bool IsReference(const PyValue& value) {
  return value.is_str() && value.str().starts_with(kReferencePrefix);
}

/// node[segment] as Python has it; null when there is no such item. Text has characters.
const PyValue* Step(const PyValue& node, const PyValue& segment, PyValue* character) {
  if (!node.is_str()) return PyItemOf(node, segment);
  if (!segment.is_int()) return nullptr;
  const int64_t length = CodePointLength(node.str());
  const int64_t index = segment.as_int() < 0 ? segment.as_int() + length : segment.as_int();
  if (index < 0 || index >= length) return nullptr;
  const size_t begin = CodePointOffset(node.str(), index);
  const size_t end = CodePointOffset(node.str(), index + 1);
  *character = PyValue(node.str().substr(begin, end - begin));
  return character;
}

class Resolver {
 public:
  explicit Resolver(const PyValue& manifest) : manifest_(manifest) {}

  Result<PyValue> Evaluate(const PyValue& node) {  // NOLINT(misc-no-recursion): kDepthMax
    if (++values_ > kValuesMax) {
      return ConfigError("the manifest's references make more than {} values of it", kValuesMax);
    }
    if (depth_ >= kDepthMax) {
      return ConfigError("line {}: nested more than {} deep", node.line(), kDepthMax);
    }
    ++depth_;
    Result<PyValue> value = node.is_dict()      ? EvaluateDict(node)
                            : node.is_list()    ? EvaluateList(node)
                            : IsReference(node) ? EvaluateReference(node.str())
                                                : Result<PyValue>(node);
    --depth_;
    return value;
  }

 private:
  Result<PyValue> EvaluateDict(const PyValue& node) {  // NOLINT(misc-no-recursion)
    const PyValue* reference = nullptr;
    const int line = std::exchange(line_, node.line());
    PyDict own;
    own.Reserve(node.dict().size());
    for (const auto& [key, value] : node.dict()) {
      if (key.is_str() && key.str() == kReferenceKey) {
        reference = &value;
      } else if (key.is_str() && key.str() == kConfigValuesKey) {
        own.Append(key, value.DeepCopy());
      } else {
        MR_ASSIGN_OR_RETURN(PyValue evaluated, Evaluate(value));
        own.Append(key, std::move(evaluated));
      }
    }
    PyValue result(std::move(own));
    result.set_line(node.line());
    if (reference != nullptr) {
      line_ = node.line();
      MR_ASSIGN_OR_RETURN(const PyValue referred, Evaluate(*reference));
      if (!referred.is_dict() || result.dict().empty()) {
        line_ = line;
        return referred;
      }
      PyDict merged = referred.dict();
      for (const auto& [key, value] : result.dict()) merged.Set(key, value);
      result = PyValue(std::move(merged));
      result.set_line(node.line());
    }
    line_ = line;
    return result;
  }

  Result<PyValue> EvaluateList(const PyValue& node) {  // NOLINT(misc-no-recursion)
    PyList items;
    items.reserve(node.items().size());
    for (const PyValue& item : node.items()) {
      MR_ASSIGN_OR_RETURN(PyValue evaluated, Evaluate(item));
      items.push_back(std::move(evaluated));
    }
    PyValue list = PyValue::List(std::move(items));
    list.set_line(node.line());
    return list;
  }

  Result<PyValue> EvaluateReference(const std::string& reference) {  // NOLINT(misc-no-recursion)
    if (!followed_.insert(reference).second) {
      return ConfigError("line {}: the reference {} leads back to itself", line_, reference);
    }
    MR_ASSIGN_OR_RETURN(const PyValue referred, LookUp(reference));
    Result<PyValue> value = Evaluate(referred);
    followed_.erase(reference);
    return value;
  }

  Result<PyValue> LookUp(const std::string& reference) {
    std::string rest = reference.substr(kReferencePrefix.size());
    rest = rest.substr(0, rest.find('\n'));
    PyValue node = manifest_;
    while (!rest.empty()) {
      // The rest as one key: an index stands for an item only as a segment of its own.
      if (const PyValue* whole =
              node.is_dict() ? node.dict().Find(std::string_view(rest)) : nullptr)
        return *whole;
      const size_t slash = rest.find('/');
      const PyValue text(rest.substr(0, slash));
      rest = slash == rest.npos ? "" : rest.substr(slash + 1);
      const std::optional<int64_t> index = PyIndexOf(text);
      PyValue character;
      const PyValue* next = Step(node, index.has_value() ? PyValue(*index) : text, &character);
      if (next == nullptr) {
        return ConfigError("line {}: the reference {} refers to nothing: there is no {}", line_,
                           reference, text.str());
      }
      node = PyValue(*next);
    }
    return node;
  }

  const PyValue& manifest_;
  std::unordered_set<std::string> followed_;  // on the way from the root to here
  int64_t values_ = 0;
  int depth_ = 0;
  int line_ = 0;  // of the dict that is looked at
};

}  // namespace

Result<PyValue> ResolveReferences(const PyValue& manifest) {
  return Resolver(manifest).Evaluate(manifest);
}

}  // namespace millrace
