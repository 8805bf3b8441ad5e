#pragma once

#include <string>

#include "base/result.h"
#include "declarative/jinja/interpolation.h"
#include "declarative/manifest/component.h"
#include "declarative/requests/request_options.h"
#include "declarative/slices/stream_slice.h"

namespace millrace {

/// What a requester's own fields add to its requests: request_parameters, request_headers and one
/// of the bodies. Built once; const, any thread.
class OwnOptions {
 public:
  OwnOptions() = default;
  static Result<OwnOptions> Make(const Component& requester, std::string query_properties_key);

  /// `slice` may be null.
  Result<RequestOptions> Evaluate(const InterpolationContext& context,
                                  const StreamSlice* slice) const;

 private:
  /// A mapping of templates, or one template that comes to a mapping or text.
  class Input {
   public:
    Input() = default;
    Input(const PyValue& input, const PyValue& parameters);
    Result<PyValue> Evaluate(const InterpolationContext& context, LiteralTypes types) const;

   private:
    bool is_text_ = false;
    InterpolatedString text_;
    InterpolatedMapping mapping_;
  };
  Status AddQueryProperties(const StreamSlice* slice, PyValue* params) const;

  Input params_, headers_, body_data_;
  bool json_is_text_ = false;
  InterpolatedString json_text_;
  InterpolatedNestedMapping json_;
  std::string query_properties_key_;
};

}  // namespace millrace
