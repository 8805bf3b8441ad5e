#pragma once

#include "declarative/jinja/interpolation.h"
#include "declarative/manifest/engine_environment.h"

namespace millrace {

/// What templates about records see, made once for a page and used for each of its records. One
/// thread.
class RecordContext {
 public:
  /// `slice`: what templates see as stream_slice; None: there is none. `token`: the dict that they
  /// see as next_page_token, or None. Both are borrowed.
  RecordContext(const EngineEnvironment& environment, const PyValue& slice, const PyValue& token)
      : filter_(*environment.clock, environment.config),
        transformation_(*environment.clock, environment.config),
        condition_(*environment.clock, environment.config),
        property_(*environment.clock, environment.config) {
    filter_.Set("record", record_).Set("stream_slice", slice).Set("next_page_token", token);
    transformation_.Set("record", record_).Set("stream_slice", slice);
    condition_.Set("record", record_).Set("stream_slice", slice);
  }
  RecordContext(const RecordContext&) = delete;
  RecordContext& operator=(const RecordContext&) = delete;

  /// The record that all of them see from now on.
  void SetRecord(const PyValue& record) { record_ = record; }
  const PyValue& record() const { return record_; }

  const InterpolationContext& ForFilter() const { return filter_; }
  const InterpolationContext& ForTransformation() const { return transformation_; }
  /// Of AddFields; both are borrowed until the next call.
  const InterpolationContext& ForCondition(const PyValue& value, const PyValue& path) {
    return condition_.Set("value", value).Set("path", path);
  }
  /// Of RemoveFields.
  const InterpolationContext& ForProperty(const PyValue& property) {
    return property_.Set("property", property);
  }

 private:
  PyValue record_;
  InterpolationContext filter_, transformation_, condition_, property_;
};

}  // namespace millrace
