#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "declarative/manifest/component.h"
#include "declarative/manifest/engine_environment.h"
#include "declarative/requests/request_option.h"
#include "declarative/requests/request_options.h"
#include "declarative/slices/stream_slice.h"

namespace millrace {

/// What requests carry because of a window: its edges, where start_time_option and end_time_option
/// (or start_value_option) want them. A plain value, const after it was made.
class WindowOptions {
 public:
  WindowOptions() = default;
  /// `start_option` and `end_option` are fields of the cursor's component; the other two are keys
  /// of a slice's window.
  static Result<WindowOptions> Make(const Component& cursor, std::string_view start_option,
                                    std::string_view end_option, std::string start_field,
                                    std::string end_field, const EngineEnvironment& environment);

  Result<RequestOptions> For(const StreamSlice& slice) const;

 private:
  std::optional<RequestOption> start_, end_;
  std::string start_field_, end_field_;
  const EngineEnvironment* environment_ = nullptr;
};

}  // namespace millrace
