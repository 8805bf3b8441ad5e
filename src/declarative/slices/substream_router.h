#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "declarative/jinja/py_path.h"
#include "declarative/manifest/component.h"
#include "declarative/requests/request_option.h"
#include "declarative/slices/parent_stream.h"
#include "declarative/slices/partition_router.h"
#include "declarative/slices/stream_slicing.h"

namespace millrace {

/// SubstreamPartitionRouter: a partition for each record of its parent streams that has the parent
/// key. It reads the parents itself and moves their cursors: a parent's slice is closed before the
/// partition of its last record is handed over, so that ParentState() covers it.
class SubstreamRouter final : public PartitionRouter {
 public:
  static Result<std::unique_ptr<SubstreamRouter>> Make(const Component& component,
                                                       const StreamSlicing& slicing);

  Status Slices(const SliceSink& sink, std::stop_token stop) override;
  Result<RequestOptions> OptionsFor(const StreamSlice& slice) const override;
  Result<PyValue> ParentState() const override;

  bool has_request_option() const;
  /// The partition fields of the parents.
  std::vector<std::string> fields() const;

 private:
  struct Parent {
    std::unique_ptr<ParentStream> stream;
    PyPath key;
    std::string field;
    std::vector<std::pair<std::string, PyPath>> extra_fields;
    std::optional<PyPath> lazy_pointer;
    std::optional<RequestOption> option;
    bool incremental = false;
    std::optional<PyValue> state;  ///< the cursor's, until it moves
  };
  class Reading;

  explicit SubstreamRouter(const EngineEnvironment& environment) : environment_(environment) {}
  static Result<Parent> MakeParent(const Component& config, const StreamSlicing& slicing);

  const EngineEnvironment& environment_;
  mutable std::vector<Parent> parents_;  // mutable: their cached states
};

}  // namespace millrace
