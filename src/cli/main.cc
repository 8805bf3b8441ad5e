// `millrace`: the command line. Links no data-plane library, so that it starts in milliseconds.
#include <map>

#include "cli/commands.h"

int main(int argc, char** argv) {
  using millrace::CommandLine;
  const std::map<std::string, int (*)(const CommandLine&)> commands = {
      {"sync", millrace::RunSyncCommand},      {"check", millrace::RunCheck},
      {"discover", millrace::RunDiscover},     {"connector", millrace::RunConnector},
      {"connectors", millrace::RunConnectors}, {"state", millrace::RunState},
      {"verify", millrace::RunVerify},         {"version", millrace::RunVersion},
      {"server", millrace::RunServer},         {"backup", millrace::RunBackup},
      {"restore", millrace::RunRestore},       {"secrets", millrace::RunSecrets},
      {"worker", millrace::RunWorker},
  };
  const millrace::ParsedCommandLine parsed = millrace::ParseCommandLine(argc, argv);
  if (parsed.exit_code >= 0) return parsed.exit_code;
  return commands.at(parsed.line.command)(parsed.line);
}
