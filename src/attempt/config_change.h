#pragma once

#include <functional>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "protocol/json_field.h"

namespace millrace {

/// What a connector made of its configuration while it ran, and wants kept (the protocol's CONTROL:
/// a rotated token, most often). An attempt asks its parent to store it, and goes on once that is
/// durable: the old token may be worth nothing any more. A plain value; it holds secrets.
struct ConfigChange {
  std::string end;   ///< whose: "source" or "destination"
  JsonValue before;  ///< as the connector had it
  JsonValue config;  ///< as it is to be from now on
};

/// Stores one; durable when it returns. Storing the same one twice does no harm.
using KeepConfig = std::function<Status(const ConfigChange&)>;

/// {"type": "CONTROL", "end", "before", "config"}: a message that is asked.
Json ToJson(const ConfigChange& change);
/// A system error: both programs come from one build.
Result<ConfigChange> ConfigChangeFromJson(const Json& message);

/// `stored` with the fields that the connector changed as it has them now. The others stay what
/// they are, whatever the connector was started with: references to the environment, and what
/// somebody edited meanwhile.
Json WithChange(const Json& stored, const ConfigChange& change);

}  // namespace millrace
