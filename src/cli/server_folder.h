#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"
#include "cli/command_line.h"
#include "control/store/sql_database.h"

namespace millrace {

/// The data folder of a server: --data-dir, or ~/.millrace; absolute.
std::filesystem::path ServerFolder(const CommandLine& line);

/// The metadata database of that server, which must be there and of this version: for commands
/// that work beside it. Config errors say what is missing.
Result<std::unique_ptr<SqlDatabase>> OpenServerDatabase(const CommandLine& line);

}  // namespace millrace
