#pragma once

#include "cli/connection_file.h"
#include "cli/yaml_document.h"

namespace millrace {

/// Reads the entry of `streams` at `pointer`: a mapping, or just the stream's name.
Result<StreamSelection> ReadStreamSelection(const YamlDocument& document,
                                            const std::string& pointer);

}  // namespace millrace
