// The SSH server of the unit tests, for tests that are no C++: prints what a client has to know as
// one line of JSON, and lives until its standard input ends.

#include <cstdio>
#include <nlohmann/json.hpp>

#include "clients/ssh/testing/ssh_server.h"

int main() {
  const auto server = millrace::SshServer::Start();
  if (server == nullptr) {
    std::fputs("no sshd (see scripts/setup.sh)\n", stderr);
    return 1;
  }
  const nlohmann::json known = {{"port", server->port()},
                                {"user", "tunnel"},
                                {"password", millrace::SshServer::kPassword},
                                {"folder", server->folder()}};
  std::puts(known.dump().c_str());
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  return 0;
}
