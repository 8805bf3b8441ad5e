#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace millrace {

// What may be a connector's name, version or image: they become names of folders and words of
// command lines. All errors are config errors.

/// "source-faker": small letters, digits and dashes.
Status CheckConnectorName(std::string_view name);

/// "7.2.1", "0.1.0.dev202408051803", "1.0rc1": as package indexes write versions.
Status CheckConnectorVersion(std::string_view version);

/// "airbyte/source-x:1.2.3", "host:5000/name@sha256:…".
Status CheckImageName(std::string_view image);

/// What an image is called: "host/airbyte/source-x:1.2.3" is source-x.
std::string ConnectorNameOfImage(std::string_view image);

/// Whether version `a` is older than `b`: by their numbers, and a development or test version
/// before the one that it leads to.
bool IsOlderVersion(std::string_view a, std::string_view b);

}  // namespace millrace
