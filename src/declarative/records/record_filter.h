#pragma once

#include <optional>

#include "base/result.h"
#include "declarative/manifest/component.h"
#include "declarative/records/record_context.h"

namespace millrace {

/// RecordFilter: a condition on records. A plain value; const, from several threads.
class RecordFilter {
 public:
  /// Takes `component`, a RecordFilter. Without a condition it lets nothing pass, as in the CDK.
  static Result<RecordFilter> Make(const Component& component);

  Result<bool> Passes(const RecordContext& context) const {
    return condition_.Evaluate(context.ForFilter());
  }
  /// Whether there is a condition at all.
  bool has_condition() const { return has_condition_; }

 private:
  InterpolatedBoolean condition_;
  bool has_condition_ = false;
};

}  // namespace millrace
