#pragma once

#include <vector>

#include "base/json.h"
#include "control/store/connections.h"
#include "control/store/jobs.h"
#include "control/store/tags.h"

namespace millrace {

/// ConnectionRead.
Json ConnectionJson(const Connection& connection, const std::vector<Tag>& tags);

/// Tag, and a list of them.
Json TagJson(const Tag& tag);
Json TagListJson(const std::vector<Tag>& tags);

/// {"name", "namespace"} of the config API.
Json StreamDescriptorJson(const StreamDescriptor& stream);

}  // namespace millrace
