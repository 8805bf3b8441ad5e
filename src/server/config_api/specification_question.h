#pragma once

#include "base/result.h"
#include "control/definitions/definition.h"
#include "protocol/json_field.h"
#include "server/config_api/services.h"

namespace millrace {

/// The ConnectorSpecification of a connector that is a program, as it says when it is asked, in a
/// process of its own: blocks for seconds, for 10 minutes at most (a container's image may have to
/// come first). Config errors: it can't be started, or its answer is none; with its own words.
Result<JsonValue> AskSpecification(const Services& services, const Definition& definition);

}  // namespace millrace
