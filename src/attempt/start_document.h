#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "protocol/catalog.h"
#include "protocol/json_field.h"
#include "protocol/state_store.h"

namespace millrace {

/// A connector and its configuration, already valid against its specification.
struct ConnectorConfig {
  std::string name;  ///< "source-postgres"
  JsonValue config;
};

/// What an attempt is started with: one JSON document, the first line on its descriptor (never in
/// arguments, environment or a file, because it holds secrets). A plain value.
struct StartDocument {
  /// sync, verify, check, discover: answers go over the channel. read, write: the Airbyte Protocol on
  /// standard in- and output.
  std::string task;
  std::optional<ConnectorConfig> source;
  std::optional<ConnectorConfig> destination;

  std::string connection;  ///< its name
  int64_t attempt = 1;     ///< counted by the one who starts attempts
  int64_t fencing_token = 0;

  /// Absent in a sync: the attempt discovers, sends the catalog, and goes on with the answer.
  std::optional<ConfiguredCatalog> catalog;
  SavedState saved;

  std::string metadata = "current";    ///< current | classic | none
  std::string normalization = "none";  ///< none | basic
  bool raw_tables = false;
  std::string number_format = "auto";  ///< auto | double | decimal | string
  std::chrono::milliseconds commit_interval = std::chrono::minutes(5);
  std::chrono::milliseconds merge_interval{0};
  int writer_lanes = 0;  ///< 0: the pipeline's choice
  bool verbose = false;  ///< debug log lines too
};

Json ToJson(const StartDocument& document);
/// A system error when the text is none: both programs come from one build.
Result<StartDocument> StartDocumentFromJson(const Json& json);

Json ToJson(const SavedState& saved);
Result<SavedState> SavedStateFromJson(const Json& json);

}  // namespace millrace
