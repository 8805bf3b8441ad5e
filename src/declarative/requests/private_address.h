#pragma once

#include <string>

#include "base/result.h"

namespace millrace {

/// Whether one of the host's addresses is what Python's ipaddress calls private: loopback, local,
/// link-local, reserved. InvalidURL when the host has no address. Blocks for the name server.
Result<bool> ResolvesToPrivateAddress(const std::string& host);

/// The same of one address, IPv4 or IPv6; false for anything else.
bool IsPrivateAddress(const std::string& address);

}  // namespace millrace
