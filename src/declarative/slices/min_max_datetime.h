#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "declarative/jinja/interpolation.h"
#include "declarative/manifest/component.h"
#include "declarative/manifest/engine_environment.h"
#include "declarative/slices/cursor_time.h"

namespace millrace {

/// A moment that a manifest gives: a template, or one with bounds (MinMaxDatetime). Const;
/// evaluated from several threads.
class MinMaxDatetime {
 public:
  /// `cursor` has the moment in `field`: text or a MinMaxDatetime. `format` holds where that says
  /// none.
  static Result<MinMaxDatetime> Make(const Component& cursor, std::string_view field,
                                     const std::string& format);

  /// The template's moment, moved between the bounds. A ValueError when it isn't in the format.
  Result<CursorTime> Evaluate(const EngineEnvironment& environment) const;

 private:
  std::string format_;
  InterpolatedString datetime_;
  std::optional<InterpolatedString> min_, max_;
};

}  // namespace millrace
