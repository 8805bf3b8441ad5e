#pragma once

#include "cli/command_line.h"
#include "server/attempts/attempt_https.h"

namespace millrace {

/// How attempts talk to the server or worker, as the command line says.
inline AttemptHttps AttemptHttpsOf(const CommandLine& line) {
  return {.listen = line.attempt_listen,
          .url = line.attempt_url,
          .tls_certificate_file = line.tls_certificate,
          .tls_key_file = line.tls_key,
          .ca_bundle = line.attempt_ca};
}

}  // namespace millrace
