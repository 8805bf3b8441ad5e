#include "cli/builtin_connectors.h"

#include "destinations/csv/csv_destination.h"
#include "destinations/dev_null/dev_null_destination.h"
#include "destinations/local/local_destination.h"
#include "destinations/local_json/local_json_destination.h"
#include "destinations/postgres/postgres_destination.h"
#include "destinations/s3/s3_destination.h"
#include "sources/faker/faker_source.h"
#include "sources/file/file_source.h"
#include "sources/postgres/postgres_source.h"
#include "sources/rest/rest_source.h"
#include "sources/s3/s3_source.h"

namespace millrace {

const std::vector<ConnectorEntry>& BuiltinConnectors() {
  static const std::vector<ConnectorEntry> connectors = {
      {"source-faker", MakeFakerSource, nullptr},
      {"source-file", MakeFileSource, nullptr},
      {"source-postgres", MakePostgresSource, nullptr},
      {"source-rest", [](const Json& config) { return MakeRestSource(config); }, nullptr},
      {"source-s3", MakeS3Source, nullptr},
      {"destination-csv", nullptr, MakeCsvDestination},
      {"destination-dev-null", nullptr, MakeDevNullDestination},
      {"destination-local", nullptr, MakeLocalDestination},
      {"destination-local-json", nullptr, MakeLocalJsonDestination},
      {"destination-postgres", nullptr, MakePostgresDestination},
      {"destination-s3", nullptr, MakeS3Destination},
  };
  return connectors;
}

const ConnectorEntry* FindBuiltinConnector(std::string_view name) {
  for (const ConnectorEntry& entry : BuiltinConnectors()) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

}  // namespace millrace
