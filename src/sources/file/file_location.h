#pragma once

#include <memory>

#include "base/result.h"
#include "sources/file/file_config.h"
#include "sources/file/file_input.h"

namespace millrace {

/// The file that `url` names at the configured storage. Contacts nothing; config errors say what is
/// wrong with the address.
Result<std::unique_ptr<FileInput>> OpenLocation(const FileConfig& config);

}  // namespace millrace
