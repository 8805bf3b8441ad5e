#pragma once

#include "cli/command_line.h"

namespace millrace {

// The commands of `millrace`. Each prints its result and returns the process's exit code. Main
// thread; nothing is contacted by the process itself: connectors run in millrace-attempt.

int RunVersion(const CommandLine& line);
int RunConnectors(const CommandLine& line);
int RunConnector(const CommandLine& line);
int RunSyncCommand(const CommandLine& line);
int RunCheck(const CommandLine& line);
int RunDiscover(const CommandLine& line);
int RunVerify(const CommandLine& line);
int RunState(const CommandLine& line);
int RunBackup(const CommandLine& line);
int RunRestore(const CommandLine& line);
/// `secrets rotate`.
int RunSecrets(const CommandLine& line);
/// Serves until a signal comes.
int RunServer(const CommandLine& line);
/// Runs a server's jobs until a signal comes.
int RunWorker(const CommandLine& line);

}  // namespace millrace
