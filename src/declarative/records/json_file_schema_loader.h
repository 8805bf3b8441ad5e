#pragma once

#include <filesystem>
#include <string>

#include "declarative/records/schema_loader.h"

namespace millrace {

/// A schema in a file of the connector's package, with what it refers to in schemas/shared. A
/// config error when the connector has no package folder.
Result<std::unique_ptr<SchemaLoader>> MakeJsonFileSchemaLoader(
    const Component& component, const EngineEnvironment& environment,
    const std::filesystem::path& package_folder);

/// schemas/NAME.json of the package; {} when there is no package or no such file.
std::unique_ptr<SchemaLoader> MakeDefaultSchemaLoader(const std::string& stream,
                                                      const std::filesystem::path& package_folder);

}  // namespace millrace
