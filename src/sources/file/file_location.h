#pragma once

#include <memory>

#include "base/result.h"
#include "files/file_input.h"
#include "sources/file/file_config.h"

namespace millrace {

/// The file that `url` names at the configured storage. Contacts nothing; config errors say what is
/// wrong with the address.
Result<std::unique_ptr<FileInput>> OpenLocation(const FileConfig& config);

}  // namespace millrace
