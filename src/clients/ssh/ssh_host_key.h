#pragma once

#include "base/result.h"
#include "clients/ssh/ssh_options.h"

struct ssh_session_struct;

namespace millrace {

/// Whether the server is the one that it was. Airbyte's configuration has no field for a host's
/// key, so an unknown host is accepted, and its fingerprint logged once per process. A host that
/// known_hosts knows with another key is refused (config error): somebody may be in between.
/// After the key exchange.
Status CheckHostKey(ssh_session_struct* session, const SshOptions& options);

}  // namespace millrace
