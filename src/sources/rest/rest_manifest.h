#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "protocol/json_field.h"

namespace millrace {

/// What a manifest is written for.
enum class RestPurpose {
  kRead,    ///< syncs
  kSample,  ///< discovery: what is read in windows is read in one, from its start
  kProbe,   ///< a look at one reply: the first page, as it came, as records
};

/// source-rest's configuration as a low-code manifest: one stream an endpoint, whose templates see
/// the same configuration as `config`. Holds no secrets. Contacts nothing. Config errors name the
/// field: "endpoints[1].path …".
Result<Json> RestManifest(const Json& config, RestPurpose purpose = RestPurpose::kRead);

/// What the configuration says of an endpoint and the manifest doesn't.
struct RestEndpoint {
  std::string name;
  std::string path;     ///< of its fields in the configuration: "endpoints[1]"
  std::string request;  ///< for messages: "GET /customers"
  bool is_child = false;
  std::vector<std::string> record_path;  ///< empty: the reply itself
  std::vector<std::string> columns;      ///< that there must be: the keys, the cursor, the parent's
  std::optional<JsonValue> schema;       ///< what the user says its schema is
};
/// In the configuration's order. Of a configuration that RestManifest takes.
Result<std::vector<RestEndpoint>> RestEndpoints(const Json& config);

}  // namespace millrace
