#include "base/process_lock.h"
#include "cli/amount_text.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/server_folder.h"
#include "control/secrets/key_rotation.h"

namespace millrace {
namespace {

Result<int64_t> Rotate(const CommandLine& line) {
  MR_ASSIGN_OR_RETURN(const auto database, OpenServerDatabase(line));
  const std::filesystem::path folder = ServerFolder(line);
  MR_ASSIGN_OR_RETURN(auto lock, ProcessLock::Open(folder / "server.lock", /*inherited=*/false));
  MR_ASSIGN_OR_RETURN(const bool taken, lock.Try());
  if (!taken) {
    return ConfigError("a server (process {}) has the data folder {}: stop it first", lock.Holder(),
                       folder.string());
  }
  return RotateKey(*database, folder / "secret.key");
}

}  // namespace

int RunSecrets(const CommandLine& line) {
  const auto sealed = Rotate(line);
  if (!sealed.ok()) return Console::Fail(sealed.status(), line.verbose);
  Console::Out(
      fmt::format("the secret key is a new one: {} sealed anew\n", CountText(*sealed, "text")));
  return kExitDone;
}

}  // namespace millrace
