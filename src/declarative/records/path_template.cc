#include "declarative/records/path_template.h"

#include <mutex>
#include <utility>

#include "declarative/jinja/py_operators.h"

namespace millrace {

struct PathTemplate::Cache {
  std::once_flag once;
  std::shared_ptr<const Evaluated> evaluated;
  Status failure;
};

PathTemplate::Evaluated::Evaluated(PyList values) : segments(std::move(values)), path(segments) {
  for (const PyValue& segment : segments) starred |= segment.is_str() && segment.str() == "*";
}

Result<PyValue> PathTemplate::Evaluated::Extract(const PyValue& object,
                                                 const PyValue& missing) const {
  if (!starred) return path.Get(object, missing);
  MR_ASSIGN_OR_RETURN(PyList values, path.Values(object));
  return PyValue::List(std::move(values));
}

Result<PathTemplate> PathTemplate::Make(const Component& component, std::string_view field) {
  PathTemplate made;
  bool plain = true;
  MR_ASSIGN_OR_RETURN(const std::vector<std::string> texts, component.TextList(field));
  for (const std::string& text : texts) {
    made.segments_.emplace_back(text, component.parameters());
    plain = plain && made.segments_.back().is_plain();
  }
  if (plain) made.cache_ = std::make_shared<Cache>();
  return made;
}

Result<std::shared_ptr<const PathTemplate::Evaluated>> PathTemplate::Evaluate(
    const InterpolationContext& context) const {
  if (cache_ == nullptr) return EvaluateAnew(context);
  std::call_once(cache_->once, [&] {
    auto evaluated = EvaluateAnew(context);
    cache_->failure = evaluated.status();
    if (evaluated.ok()) cache_->evaluated = *std::move(evaluated);
  });
  if (!cache_->failure.ok()) return cache_->failure;
  return cache_->evaluated;
}

Result<std::shared_ptr<const PathTemplate::Evaluated>> PathTemplate::EvaluateAnew(
    const InterpolationContext& context) const {
  PyList values;
  for (const InterpolatedString& segment : segments_) {
    MR_ASSIGN_OR_RETURN(PyValue value, segment.Evaluate(context));
    values.push_back(std::move(value));
  }
  return std::make_shared<const Evaluated>(std::move(values));
}

bool HasGlob(const PyList& segments) {
  for (const PyValue& segment : segments) {
    if (segment.is_str() && segment.str().find_first_of("*?[") != std::string::npos) return true;
  }
  return false;
}

}  // namespace millrace
