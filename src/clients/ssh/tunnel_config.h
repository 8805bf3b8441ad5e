#pragma once

#include <optional>

#include "base/json.h"
#include "base/result.h"
#include "clients/ssh/ssh_options.h"

namespace millrace {

/// The SSH part of a connectionConfiguration: its `tunnel_method` object, as every SQL connector
/// of Airbyte has it. No value: NO_TUNNEL, or no such object. Registers the secrets. Config errors
/// name the field.
Result<std::optional<SshOptions>> TunnelFromJson(const Json& config);

}  // namespace millrace
