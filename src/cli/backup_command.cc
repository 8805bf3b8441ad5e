#include <fmt/chrono.h>

#include "base/clock.h"
#include "cli/amount_text.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/server_folder.h"
#include "control/backup/backup.h"

namespace millrace {
namespace {

std::string TextOf(const BackupSummary& backup) {
  return fmt::format("{}, {:%Y-%m-%d %H:%M:%S} UTC", CountText(backup.rows, "row"),
                     fmt::gmtime(static_cast<time_t>(backup.created_at / 1'000'000)));
}

}  // namespace

int RunBackup(const CommandLine& line) {
  const auto database = OpenServerDatabase(line);
  if (!database.ok()) return Console::Fail(database.status(), line.verbose);
  const auto written = WriteBackup(**database, ServerFolder(line), line.file, Clock::System());
  if (!written.ok()) return Console::Fail(written.status(), line.verbose);
  Console::Out(fmt::format("saved {} ({})\n", line.file, TextOf(*written)));
  if (!written->holds_key) {
    Console::PrintWarning(
        "the secret key is not in it, because it isn't in the data folder: keep it yourself");
  }
  return kExitDone;
}

int RunRestore(const CommandLine& line) {
  const auto restored = Restore({ServerFolder(line), line.database_url, line.force}, line.file);
  if (!restored.ok()) return Console::Fail(restored.status(), line.verbose);
  Console::Out(fmt::format("restored {} into {} ({})\n", line.file, ServerFolder(line).string(),
                           TextOf(*restored)));
  if (!restored->holds_key) {
    Console::PrintWarning("the secret key was not in it: start the server with the old one");
  }
  return kExitDone;
}

}  // namespace millrace
