#include "clients/ssh/ssh_options.h"

#include <fmt/format.h>

namespace millrace {

std::string SshOptions::Where() const { return fmt::format("{}@{}:{}", user, host, port); }

}  // namespace millrace
