#include "cli/refusal.h"

#include <nlohmann/json.hpp>

#include "attempt/error_json.h"
#include "cli/console.h"

namespace millrace {

int Refuse(const CommandLine& line, const Status& status, int exit_code) {
  if (line.json && status.failed()) {
    Console::OutJson({{"status", "failed"}, {"error", ErrorToJson(status.error())}});
  }
  Console::Fail(status, line.verbose);
  return exit_code;
}

}  // namespace millrace
