#pragma once

#include "cli/command_line.h"

namespace millrace {

// The actions of `millrace connectors`. Each prints its result and returns the exit code. Main
// thread.

int ListConnectorsAction(const CommandLine& line);
int ShowConnectorAction(const CommandLine& line);
/// Blocks until the package is there, or a signal comes.
int InstallConnectorAction(const CommandLine& line);
int RemoveConnectorAction(const CommandLine& line);
/// Writes a template folder.
int NewConnectorAction(const CommandLine& line);

}  // namespace millrace
