#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "catalogue/catalogue.h"
#include "catalogue/connector_resolver.h"
#include "control/definitions/definition.h"
#include "control/store/definitions.h"
#include "control/store/sql_database.h"

namespace millrace {

/// Finds what a definition's id means: built-in connectors and installed packages under the
/// catalogue's ids; custom ones as they are stored, where this server may run them. One per server
/// or worker, owned by its main thread. Thread-safe; asks the folder of installed connectors anew
/// each time.
class Definitions {
 public:
  struct Rules {
    std::filesystem::path folder;        ///< absolute: where programs work
    bool allow_custom_commands = false;  ///< commands and containers that somebody named
  };

  /// `catalogue` outlives it.
  Definitions(const Catalogue& catalogue, ConnectorResolver resolver, Rules rules)
      : catalogue_(catalogue), resolver_(std::move(resolver)), rules_(std::move(rules)) {}

  const Catalogue& catalogue() const { return catalogue_; }

  /// Empty: there is none of that kind. One that can't be started is one nevertheless.
  Result<std::optional<Definition>> Find(SqlTransaction& transaction, ConnectorType kind,
                                         const std::string& id) const;
  /// The same in a transaction of its own.
  Result<std::optional<Definition>> Find(SqlDatabase& database, ConnectorType kind,
                                         const std::string& id) const;

  /// A custom one, whether it is stored or only about to be.
  Definition OfCustom(const CustomDefinition& custom) const;

 private:
  Definition OfEntry(const CatalogueEntry& entry) const;
  Result<RunnableConnector> Resolve(const CustomDefinition& custom) const;
  /// Ok on a server that runs what people name.
  Status CheckCommandsAllowed(const std::string& what) const;
  void Take(RunnableConnector runnable, Definition* definition) const;

  const Catalogue& catalogue_;
  const ConnectorResolver resolver_;
  const Rules rules_;
};

}  // namespace millrace
