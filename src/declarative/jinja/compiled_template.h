#pragma once

#include <memory>
#include <optional>
#include <string>

#include "declarative/jinja/interpolation.h"
#include "declarative/jinja/jinja_template.h"

namespace millrace {

/// A text of a manifest, ready to be evaluated as the CDK does it: rendered to text, which is then
/// read as a literal. What is known to come out the same is done without the text. Const, shared.
class CompiledTemplate {
 public:
  static std::shared_ptr<const CompiledTemplate> Of(std::string text);

  const std::string& text() const { return text_; }
  /// Nothing is to be rendered.
  bool is_plain() const { return jinja_ == nullptr; }

  /// The value; where it's empty or undefined, that of `otherwise` (null: None).
  Result<PyValue> Evaluate(const InterpolationContext& context, const PyValue& parameters,
                           LiteralTypes types, const CompiledTemplate* otherwise) const;

 private:
  class Sources;

  /// What rendering gives, not made text yet if it's one expression's value. A template that ends
  /// in a TypeError is its own text.
  Result<PyValue> Render(const InterpolationContext& context, const PyValue& parameters,
                         Sources* sources) const;
  Result<PyValue> RenderJinja(const InterpolationContext& context, const PyValue& parameters,
                              Sources* sources) const;
  /// Whether rendering it twice makes no difference.
  bool is_pure() const { return is_plain() || !jinja_->binding().has_effects; }

  std::string text_;
  std::shared_ptr<const JinjaTemplate> jinja_;
  PyValue rendered_;                // of a plain text
  std::optional<PyValue> literal_;  // what `rendered_` says as a literal
  bool names_stream_state_ = false;
};

/// What Python makes of str(value) by literal_eval, if its type is one of `types`; else the text.
PyValue LiteralOf(const PyValue& value, LiteralTypes types);

}  // namespace millrace
