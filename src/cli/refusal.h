#pragma once

#include "base/status.h"
#include "cli/command_line.h"

namespace millrace {

/// Prints the error of a command that did nothing, with --json as a document on standard output
/// too, and returns `exit_code`. A cancelled one has no document. Main thread.
int Refuse(const CommandLine& line, const Status& status, int exit_code);

}  // namespace millrace
