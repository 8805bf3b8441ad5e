#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/stream_descriptor.h"
#include "control/definitions/definitions.h"
#include "control/store/connections.h"
#include "control/store/sql_database.h"

namespace millrace {

/// What became of a request to make, change or delete a connection.
struct ConnectionOutcome {
  enum class Kind {
    kDone,
    kNotThere,  ///< 404: there is no `what` with the id `id`
    kConflict   ///< 409: somebody else changed it at the same time, again and again
  };
  Kind kind = Kind::kDone;
  std::string what;  ///< "source", "tag" …
  std::string id;
  Connection connection;  ///< as it is now; of a deletion, as it was
  /// Of an update: the selected streams whose rows are not what the connection wants any more.
  std::vector<StreamDescriptor> outdated;
};

/// Who changes a connection, and why: for its timeline.
struct ChangeReason {
  std::string user_id;     ///< empty: nobody who signed in
  std::string reason;      ///< for people; may be empty
  bool automatic = false;  ///< Millrace did it by itself
};

/// Makes, changes and deletes connections: what both APIs call, in the config API's words. Config
/// errors are 422 and say what is wrong with the request. Thread-safe.
class ConnectionService {
 public:
  /// All outlive it.
  ConnectionService(SqlDatabase& database, const Definitions& definitions, const Clock& clock)
      : database_(database), definitions_(definitions), clock_(clock) {}

  /// Called within the transaction that deletes a connection: ends its job. Set before anybody
  /// calls.
  using BeforeDelete =
      std::function<Status(SqlTransaction&, const std::string& id, const ChangeReason&)>;
  void set_before_delete(BeforeDelete call) { before_delete_ = std::move(call); }

  /// ConnectionCreate: sourceId and destinationId (of one workspace), syncCatalog, schedule … What
  /// is left out has Airbyte's defaults; `name` the two ends' names.
  Result<ConnectionOutcome> Create(const Json& body, const ChangeReason& reason) const;
  /// ConnectionUpdate: connectionId and what is to be changed; the rest stays. A null resets a
  /// field to its default. `tags` replaces all of them.
  Result<ConnectionOutcome> Update(const Json& body, const ChangeReason& reason) const;
  /// Ends its job, too.
  Result<ConnectionOutcome> Delete(const std::string& id, const ChangeReason& reason) const;

 private:
  struct Ends;
  Result<std::optional<ConnectionOutcome>> FindEnds(SqlTransaction& transaction,
                                                    const std::string& source_id,
                                                    const std::string& destination_id,
                                                    Ends* ends) const;
  Result<ConnectionOutcome> CreateIn(SqlTransaction& transaction, const Json& body) const;
  Result<ConnectionOutcome> UpdateIn(SqlTransaction& transaction, const Json& body,
                                     const ChangeReason& reason) const;
  int64_t Now() const { return clock_.WallNow().time_since_epoch().count(); }

  SqlDatabase& database_;
  const Definitions& definitions_;
  const Clock& clock_;
  BeforeDelete before_delete_;
};

}  // namespace millrace
