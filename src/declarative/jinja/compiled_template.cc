#include "declarative/jinja/compiled_template.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "declarative/jinja/jinja_evaluator.h"
#include "declarative/jinja/jinja_lexer.h"
#include "declarative/jinja/py_big_int.h"
#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_literal.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_stream_slice.h"

namespace millrace {
namespace {

using Kind = PyValue::Kind;

bool Accepts(LiteralTypes types, const PyValue& value) {
  switch (types) {
    case LiteralTypes::kAny:
      return true;
    case LiteralTypes::kStr:
      return value.is_str();
    case LiteralTypes::kStrOrList:
      return value.is_str() || value.is_list();
    case LiteralTypes::kNumber:
      return value.is_float();
    case LiteralTypes::kInteger:
      return value.is_int() || value.is_bool() || value.kind() == Kind::kBigInt;
    case LiteralTypes::kBoolean:
      return value.is_bool();
  }
  return false;
}

/// Whether the text could be a literal, by how it starts: most texts can't, and cost nothing more.
bool MayBeLiteral(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\f"), text.size()));
  if (text.empty()) return false;
  const auto is_letter = [](char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; };
  const char first = text[0];
  if (static_cast<unsigned char>(first) >= 0x80 || first == '_') return false;
  if (!is_letter(first)) return true;
  if (text.starts_with("True") || text.starts_with("False") || text.starts_with("None") ||
      text.starts_with("set")) {
    return true;
  }
  const size_t quote = text.find_first_of("'\"");  // b'…', Rb"…"
  return quote != text.npos && quote <= 2;
}

PyValue LiteralOfText(const PyValue& text, LiteralTypes types) {
  if (text.is_markup()) return LiteralOfText(PyValue(text.str()), types);  // a result is plain text
  if (!MayBeLiteral(text.str())) return text;
  std::optional<PyValue> literal = ParsePyLiteral(text.str());
  return literal && Accepts(types, *literal) ? *std::move(literal) : text;
}

/// Whether the text of a value is a literal that means the same value, whatever is in it. Not
/// deeper than Python's parser goes.
bool IsOwnLiteral(const PyValue& value, int depth = 0) {
  constexpr int kDepthMax = 80;
  switch (value.kind()) {
    case Kind::kNone:
    case Kind::kBool:
    case Kind::kInt:
      return true;
    case Kind::kFloat:
      return std::isfinite(value.as_float());
    case Kind::kBigInt:
      return IntegerBits(value) <= kPrintableBitsMax;
    case Kind::kStr:
      return depth > 0 && !value.is_markup();
    case Kind::kList:
    case Kind::kTuple:
      return depth < kDepthMax &&
             std::all_of(value.items().begin(), value.items().end(),
                         [depth](const PyValue& item) { return IsOwnLiteral(item, depth + 1); });
    case Kind::kDict:
      return depth < kDepthMax &&
             std::all_of(value.dict().begin(), value.dict().end(), [depth](const auto& entry) {
               return IsOwnLiteral(entry.first, depth + 1) && IsOwnLiteral(entry.second, depth + 1);
             });
    default:
      return false;
  }
}

/// Whether several threads may be looking at what this name means.
bool IsShared(std::string_view name) {
  return name == "config" || name == "parameters" || name == "stream_slice" ||
         name == "stream_interval" || name == "stream_partition";
}

PyValue CopyOf(const PyValue& value) {
  if (value.kind() != Kind::kSlice) return value.DeepCopy();
  const PyStreamSlice& slice = StreamSliceOf(value);
  return PyStreamSlice::Make(slice.partition.DeepCopy(), slice.cursor_slice.DeepCopy(),
                             slice.extra_fields.DeepCopy());
}

}  // namespace

/// The values of a template's names, in their order. A template that may change what it's given
/// gets copies of what is shared: the CDK lets it change that for all, and for all threads at once.
class CompiledTemplate::Sources {
 public:
  Status Find(const JinjaTemplate& jinja, const InterpolationContext& context,
              const PyValue& parameters) {
    const std::vector<std::string>& names = jinja.binding().names;
    if (names.size() > kInline) {
      more_.resize(std::max(more_.size(), names.size()));
      values_ = more_.data();
    }
    for (size_t i = 0; i < names.size(); ++i) {
      values_[i] = names[i] == "parameters" ? &parameters : context.Find(names[i]);
      if (values_[i] == nullptr) values_[i] = jinja.GlobalOf(i);
      if (values_[i] == nullptr) {
        return PyError("ValueError",
                       fmt::format("Jinja macro has undeclared variables: {{'{}'}}", names[i]));
      }
      if (jinja.binding().may_change && IsShared(names[i])) values_[i] = Copied(values_[i]);
    }
    return Status::Ok();
  }
  const PyValue* const* values() const { return values_; }

 private:
  static constexpr size_t kInline = 8;

  /// The copy of a value, made once.
  const PyValue* Copied(const PyValue* value) {
    for (const auto& [original, copy] : copies_) {
      if (original->Is(*value)) return copy.get();
    }
    return copies_.emplace_back(value, std::make_unique<PyValue>(CopyOf(*value))).second.get();
  }

  const PyValue* inline_[kInline] = {};
  std::vector<const PyValue*> more_;
  const PyValue** values_ = inline_;
  std::vector<std::pair<const PyValue*, std::unique_ptr<PyValue>>> copies_;
};

namespace {

/// What is the text, where it's text; str() fails for enormous integers.
Status CheckPrintable(const PyValue& value) {
  if (value.kind() != Kind::kBigInt || IntegerBits(value) <= kPrintableBitsMax) {
    return Status::Ok();
  }
  return PyError("ValueError", "Exceeds the limit (4300 digits) for integer string conversion");
}

/// A template in a message: on one line, and not all of it when it is long.
std::string ShownText(std::string_view text) {
  constexpr size_t kBytesMax = 160;
  size_t size = std::min(text.size(), kBytesMax);
  while (size < text.size() && (text[size] & 0xC0) == 0x80) --size;  // whole characters
  std::string shown(text.substr(0, size));
  std::replace(shown.begin(), shown.end(), '\n', ' ');
  return size == text.size() ? shown : shown + "…";
}

bool IsEmptyText(const PyValue& value) {
  return value.is_undefined() || (value.is_str() && value.str().empty());
}

}  // namespace

PyValue LiteralOf(const PyValue& value, LiteralTypes types) {
  if (value.is_str()) return LiteralOfText(value, types);
  if (Accepts(types, value) && IsOwnLiteral(value)) {
    return value.is_list() || value.is_dict() || value.is_tuple() ? value.DeepCopy() : value;
  }
  if (value.kind() == Kind::kSlice) return LiteralOf(StreamSliceOf(value).merged, types);
  return LiteralOfText(PyValue(PyStr(value)), types);
}

std::shared_ptr<const CompiledTemplate> CompiledTemplate::Of(std::string text) {
  auto compiled = std::make_shared<CompiledTemplate>();
  compiled->names_stream_state_ = text.find("stream_state") != text.npos;
  if (IsPlainJinja(text)) {
    compiled->rendered_ = PyValue(NormalizedNewlines(text));
    const std::string& rendered = compiled->rendered_.str();
    if (MayBeLiteral(rendered)) compiled->literal_ = ParsePyLiteral(rendered);
  } else {
    compiled->jinja_ = JinjaTemplate::Read(text);
  }
  compiled->text_ = std::move(text);
  return compiled;
}

Result<PyValue> CompiledTemplate::Evaluate(const InterpolationContext& context,
                                           const PyValue& parameters, LiteralTypes types,
                                           const CompiledTemplate* otherwise) const {
  if (names_stream_state_) {
    return ConfigError(
        "`stream_state` is no longer supported for interpolation; use `stream_interval` instead");
  }
  if (is_plain() && !rendered_.str().empty()) {
    if (!literal_ || !Accepts(types, *literal_)) return rendered_;
    return literal_->DeepCopy();
  }
  Sources sources;
  const Result<PyValue> value = Render(context, parameters, &sources);
  const bool undefined = !value.ok() && IsPyError(value.status(), "UndefinedError");
  if (!value.ok() && !undefined) return value;
  if (value.ok() && !IsEmptyText(*value)) {
    MR_RETURN_IF_ERROR(CheckPrintable(*value));
    return LiteralOf(*value, types);
  }
  if (otherwise == nullptr) return PyValue();
  if (otherwise == this && is_pure()) return undefined ? value : PyValue(std::string());
  MR_ASSIGN_OR_RETURN(const PyValue second, otherwise->Render(context, parameters, &sources));
  MR_RETURN_IF_ERROR(CheckPrintable(second));
  return IsEmptyText(second) ? PyValue(std::string()) : LiteralOf(second, types);
}

Result<PyValue> CompiledTemplate::Render(const InterpolationContext& context,
                                         const PyValue& parameters, Sources* sources) const {
  if (is_plain()) return rendered_;
  Result<PyValue> value = RenderJinja(context, parameters, sources);
  if (value.ok()) return value;
  if (IsPyError(value.status(), "TypeError")) return PyValue(text_);
  if (!value.status().failed()) return value;
  Error error = value.status().error();
  error.message += fmt::format(", in the template {}", ShownText(text_));
  return Status::Failed(std::move(error));
}

Result<PyValue> CompiledTemplate::RenderJinja(const InterpolationContext& context,
                                              const PyValue& parameters, Sources* sources) const {
  MR_RETURN_IF_ERROR(jinja_->status());
  MR_RETURN_IF_ERROR(sources->Find(*jinja_, context, parameters));
  EvaluationBudget budget(context.clock());
  JinjaEvaluator evaluator(*jinja_, sources->values(), budget);
  if (const JinjaNode* expression = jinja_->only_expression()) {
    return evaluator.Evaluate(*expression);
  }
  MR_ASSIGN_OR_RETURN(std::string text, evaluator.Render());
  return PyValue(std::move(text));
}

}  // namespace millrace
