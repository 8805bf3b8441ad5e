#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "connector/destination.h"
#include "connector/source.h"

namespace millrace {

/// One built-in connector; all of them stand in cli/builtin_connectors.cc. Its specification is
/// the catalogue's, by name. `config` is Airbyte's connectionConfiguration, already valid against
/// that specification, with defaults not filled in.
struct ConnectorEntry {
  std::string_view name;  ///< Airbyte's: "source-postgres"
  /// Exactly one of the two. Config errors only; nothing is contacted.
  std::function<Result<std::unique_ptr<Source>>(const Json& config)> make_source;
  std::function<Result<std::unique_ptr<Destination>>(const Json& config)> make_destination;
};

}  // namespace millrace
