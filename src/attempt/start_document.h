#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/resource_limits.h"
#include "base/result.h"
#include "protocol/catalog.h"
#include "protocol/connector_program.h"
#include "protocol/json_field.h"
#include "protocol/state_store.h"

namespace millrace {

/// A connector and its configuration.
struct ConnectorConfig {
  std::string name;  ///< "source-postgres"
  JsonValue config;  ///< of a built-in one: already valid against its specification
  /// Absent: it is built in.
  std::optional<ConnectorProgram> program;
};

/// How an attempt that outlives its parent finds the next one: it calls, and says which attempt it
/// is; the token proves it.
struct ParentAddress {
  std::string socket_path;  ///< of a socket on this machine
  /// "https://NAME:PORT": called instead of the socket, from the start on (HttpsCaller).
  std::string url;
  std::string ca_bundle;  ///< a PEM file of certificates to trust there; empty: the system's
  int64_t job = 0;
  int64_t number = 0;
  std::string token;  ///< random, of this attempt only
};

/// What connectors may touch on a server. On the command line there are no such rules.
struct ConnectorRules {
  /// Local paths of configurations lie below it, after symbolic links are followed; "/local/x"
  /// means x in it.
  std::string files_dir;
  /// Connections to 169.254.0.0/16, fe80::/10 and clouds' metadata services.
  bool allow_link_local = false;
};

/// What an attempt is started with: one JSON document, the first line on its descriptor (never in
/// arguments, environment or a file, because it holds secrets). A plain value.
struct StartDocument {
  /// sync, clear (empties tables), verify, spec, check, discover, and builder_tasks.h: by channel.
  /// read, write: the Airbyte Protocol on standard in- and output.
  std::string task;
  std::optional<ConnectorConfig> source;
  std::optional<ConnectorConfig> destination;

  std::string connection;  ///< its name
  int64_t attempt = 1;     ///< counted by the one who starts attempts
  int64_t fencing_token = 0;

  /// The file that a connector's configuration came from, when it is run by protocol: what the
  /// connector changes in it is written there, too. Empty: there is none.
  std::string config_path;

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

  /// Absent: it ends with its parent. Present: it outlives it, and commits under a lease only.
  std::optional<ParentAddress> parent;
  ResourceLimits limits;
  std::optional<ConnectorRules> rules;
};

Json ToJson(const StartDocument& document);
/// A system error when the text is none: both programs come from one build.
Result<StartDocument> StartDocumentFromJson(const Json& json);

Json ToJson(const SavedState& saved);
Result<SavedState> SavedStateFromJson(const Json& json);

}  // namespace millrace
