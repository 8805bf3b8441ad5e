#pragma once

#include <memory>

#include "base/result.h"
#include "files/file_input.h"
#include "files/file_table.h"
#include "sources/file/file_config.h"

namespace millrace {

/// The table that the configured format makes of the file. `input` outlives it.
Result<std::unique_ptr<FileTable>> OpenFileTable(const FileConfig& config, FileInput& input);

}  // namespace millrace
