#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "control/definitions/definitions.h"
#include "control/secrets/secret_box.h"
#include "control/store/actors.h"
#include "control/store/connections.h"
#include "control/store/discovered_catalogs.h"
#include "control/worker/probe_runner.h"

namespace millrace {

/// What asking a source for its streams came to.
struct Discovery {
  /// Absent: the outcome says why.
  std::optional<DiscoveredCatalog> catalog;
  ProbeOutcome outcome;  ///< of the process; empty when the catalog was at hand
  bool cached = false;
};

/// What became of a connection whose source was looked at.
struct SchemaCheck {
  Connection connection;  ///< as it is now, with its catalog up to date
  JsonValue diff;         ///< CatalogDiff between the connection and its source, before the check
  bool breaking = false;
  /// It is paused, for its owner to look at: no sync. `connection` has the statusReason.
  bool paused = false;
  /// Streams that have gained columns which old rows are to be filled with: the next sync reads
  /// them from the start. The states of these are the caller's to forget.
  std::vector<StreamDescriptor> backfill;
};

/// Keeps connections in step with what their sources offer. Thread-safe.
class SchemaService {
 public:
  /// Runs a discovery process (ProbeRunner) with what was set for its source. A failed Result: it
  /// was not run.
  using Probe = std::function<Result<ProbeOutcome>(const StartDocument&, const EndResources&,
                                                   const KeepConfig&)>;
  /// Airbyte's window: a catalog that is no older, of the same configuration, isn't asked for.
  static constexpr std::chrono::hours kWindow{24};

  /// All outlive it.
  SchemaService(SqlDatabase& database, const SecretBox& box, const Definitions& definitions,
                const Clock& clock, Probe probe)
      : database_(database),
        box_(box),
        definitions_(definitions),
        clock_(clock),
        probe_(std::move(probe)) {}

  /// What the source offers: as it said within the window with the same configuration, if
  /// `may_be_cached`, else by asking it in a process, which takes seconds to minutes. A failure of
  /// the source is in the outcome; a failed Result is one of ours. Empty: there is no such source.
  Result<std::optional<Discovery>> Discover(const std::string& source_id, bool may_be_cached) const;

  /// To be called before a sync, outside of any transaction: looks at the source when the last look
  /// is older than the window, and takes over what has changed as the connection wants it (ignore,
  /// disable, propagate_columns, propagate_fully); breaking changes pause it. Fails as the source
  /// does, with the source's failure type; a config error when the catalog can't be synced. Empty:
  /// there is no such connection.
  Result<std::optional<SchemaCheck>> BeforeSync(const std::string& connection_id) const;

  /// The same with a catalog that was discovered already.
  Result<std::optional<SchemaCheck>> Apply(const std::string& connection_id,
                                           const DiscoveredCatalog& offered) const;

  /// CatalogDiff between a connection and what is offered; changes nothing.
  Result<Json> Compare(SqlTransaction& transaction, const Connection& connection,
                       const DiscoveredCatalog& offered) const;

 private:
  /// What a catalog is kept under, of the source as it is stored now.
  Result<std::string> HashNow(const Actor& source, const Definition& definition) const;
  Result<std::optional<SchemaCheck>> ApplyIn(SqlTransaction& transaction,
                                             const std::string& connection_id,
                                             const DiscoveredCatalog& offered) const;
  /// Brings the document of `check->connection` up to date; what was taken over goes to `applied`.
  Status TakeOver(const Json& now, const std::string& offered_id,
                  std::vector<std::string> destination_modes, SchemaCheck* check,
                  Json* applied) const;
  int64_t Now() const { return clock_.WallNow().time_since_epoch().count(); }

  SqlDatabase& database_;
  const SecretBox& box_;
  const Definitions& definitions_;
  const Clock& clock_;
  const Probe probe_;
};

}  // namespace millrace
