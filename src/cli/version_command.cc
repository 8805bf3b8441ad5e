#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/console.h"

namespace millrace {

int RunVersion(const CommandLine& line) {
  if (line.json) {
    Console::OutJson({{"name", "millrace"}, {"version", MILLRACE_VERSION}});
  } else {
    Console::Out(fmt::format("millrace {}\n", MILLRACE_VERSION));
  }
  return kExitDone;
}

}  // namespace millrace
