#pragma once

#include <memory>
#include <optional>
#include <string>

#include "declarative/manifest/component.h"
#include "declarative/manifest/engine_environment.h"
#include "declarative/requests/request_option.h"
#include "declarative/slices/partition_router.h"

namespace millrace {

/// ListPartitionRouter: a partition for each value of a list that the manifest or the configuration
/// has.
class ListRouter final : public PartitionRouter {
 public:
  static Result<std::unique_ptr<ListRouter>> Make(const Component& component,
                                                  const EngineEnvironment& environment);

  Status Slices(const SliceSink& sink, std::stop_token stop) override;
  Result<RequestOptions> OptionsFor(const StreamSlice& slice) const override;

  bool has_request_option() const { return option_.has_value(); }
  const std::string& field() const { return field_; }

 private:
  explicit ListRouter(const EngineEnvironment& environment) : environment_(environment) {}

  const EngineEnvironment& environment_;
  PyValue values_;  // what iterating over it gives
  std::string field_;
  std::optional<RequestOption> option_;
};

}  // namespace millrace
