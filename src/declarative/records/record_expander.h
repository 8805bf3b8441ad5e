#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "declarative/records/parent_field.h"
#include "declarative/records/path_template.h"
#include "declarative/records/record_extractor.h"

namespace millrace {

/// RecordExpander: makes the items of a list inside a record records of their own. Const but for
/// its two warnings; from several threads at once.
class RecordExpander {
 public:
  static Result<std::unique_ptr<RecordExpander>> Make(const Component& component,
                                                      const EngineEnvironment& environment,
                                                      const MakeOtherReader& make_reader);

  /// Hands over the items of `record`, or the record itself where it isn't to be expanded. May
  /// read the complete list from the API where the one in the record is cut short.
  Status Expand(const PyValue& record, const ValueSink& sink, std::stop_token stop) const;

 private:
  /// A record that is being expanded.
  struct Parent {
    const PyValue& record;
    const PathTemplate::Evaluated& path;
    std::optional<PyValue> merged;  ///< what each item is put on top of
  };

  explicit RecordExpander(const EngineEnvironment& environment) : environment_(environment) {}

  Status CheckPaths(const Component& component) const;
  Result<bool> IsTruncated(const PyValue& record, const PathTemplate::Evaluated& indicator) const;
  /// How many items there were.
  Result<int64_t> ReadWholeList(const Parent& parent, const ValueSink& sink,
                                std::stop_token stop) const;
  Status HandOn(const Parent& parent, const PyValue& item, const ValueSink& sink) const;
  void WarnOnce(std::atomic<bool>* warned, const std::string& text) const;

  const EngineEnvironment& environment_;
  PathTemplate path_, indicator_;
  bool keeps_parent_ = false, emits_parent_ = false, merges_parent_ = false;
  std::vector<ParentField> parent_fields_;
  ReadOtherRecords read_whole_list_;  // empty: a list that is cut short stays so
  mutable std::atomic<bool> warned_truncated_ = false, warned_incomplete_ = false;
};

}  // namespace millrace
