#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "declarative/jinja/interpolation.h"
#include "declarative/manifest/component.h"
#include "declarative/requests/request_options.h"

namespace millrace {

/// Where in a request a value goes: the component of that name, of page sizes, tokens, cursors and
/// partitions. Built once; const, any thread.
class RequestOption {
 public:
  enum class Place { kParameter, kHeader, kBodyData, kBodyJson };

  /// `component` is of type RequestOption.
  static Result<RequestOption> Make(const Component& component);
  /// A header of that name (a template).
  static RequestOption Header(std::string_view name, const PyValue& parameters);

  Place place() const { return place_; }
  /// Sets `value` at its place in `options`, over what stands there. Dicts in `options` are its
  /// own: they are changed in place. Names are templates over the configuration in `context`.
  Status Inject(PyValue value, const InterpolationContext& context, RequestOptions* options) const;

 private:
  Place place_ = Place::kHeader;
  std::vector<InterpolatedString> path_;  // one name, or a path within a JSON body
};

}  // namespace millrace
