#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "declarative/jinja/interpolation.h"
#include "declarative/jinja/py_path.h"
#include "declarative/manifest/component.h"

namespace millrace {

/// A path whose segments are templates, as manifests write them: evaluated where it is used, once
/// only when nothing in it is to be rendered. Const and usable from any thread.
class PathTemplate {
 public:
  /// A path as one evaluation gave it.
  struct Evaluated {
    PyList segments;
    PyPath path;
    bool starred = false;  ///< one segment is just "*"

    explicit Evaluated(PyList values);
    /// What stands there: all matches as a list where it is starred, else the only one, or
    /// `missing`. PyErrors as dpath's.
    Result<PyValue> Extract(const PyValue& object, const PyValue& missing) const;
  };

  PathTemplate() = default;
  /// Of the component's field, a list of text; empty when it's missing.
  static Result<PathTemplate> Make(const Component& component, std::string_view field);

  bool empty() const { return segments_.empty(); }
  Result<std::shared_ptr<const Evaluated>> Evaluate(const InterpolationContext& context) const;

 private:
  Result<std::shared_ptr<const Evaluated>> EvaluateAnew(const InterpolationContext& context) const;

  std::vector<InterpolatedString> segments_;
  struct Cache;
  std::shared_ptr<Cache> cache_;  // of a path without templates; else null
};

/// Whether a glob of dpath's is in one of the segments.
bool HasGlob(const PyList& segments);

}  // namespace millrace
