#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "attempt/start_document.h"
#include "base/result.h"
#include "catalogue/catalogue.h"
#include "cli/connection_file.h"

namespace millrace {

/// Finds the connector that an end of a connection names, built in, installed, in an image or a
/// manifest, and makes its configuration fit its specification (see CheckConfig; warnings are
/// appended), if that is known without asking the connector; else the attempt does. Config errors
/// only: no such connector, one that is not installed, a configuration that doesn't fit. Nothing is
/// contacted. `file` is where the end stands.
Result<ConnectorConfig> PrepareEnd(ConnectorType type, const ConnectionEnd& end,
                                   const std::filesystem::path& file,
                                   std::vector<std::string>* warnings);

/// Where a destination's data lands, for people: a folder, "s3://bucket/path"; empty when the
/// connector has no such place.
std::string LocationOf(const ConnectorConfig& destination);

}  // namespace millrace
