#include "server/identity/first_password.h"

#include <cstdlib>

#include "base/file_io.h"
#include "base/secrets.h"

namespace millrace {

Result<std::string> FirstPasswordFromEnvironment() {
  constexpr int64_t kBytesMax = 4096;
  constexpr const char* kFileVariable = "MILLRACE_ADMIN_PASSWORD_FILE";
  std::string password;
  if (const char* text = std::getenv("MILLRACE_ADMIN_PASSWORD"); text != nullptr) {
    password = text;
  } else if (const char* path = std::getenv(kFileVariable); path != nullptr) {
    auto text = ReadFile(path, kBytesMax);
    if (!text.ok()) {
      return ConfigError("reading {}: {}", kFileVariable, text.status().ToString());
    }
    password = *std::move(text);
    while (password.ends_with('\n') || password.ends_with('\r')) password.pop_back();
    if (password.empty()) return ConfigError("the file of {} is empty", kFileVariable);
  }
  Secrets::Register(password);
  return password;
}

}  // namespace millrace
