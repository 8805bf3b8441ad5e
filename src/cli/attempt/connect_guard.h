#pragma once

#include <sys/socket.h>

namespace millrace {

/// From now on this process connects to no link-local address and to no cloud's metadata service,
/// whatever name led there and whichever library calls: connect() fails with EACCES. It replaces
/// the C library's connect(), because that is the one place that every library passes with the
/// address that a name stands for at that moment.
void RefuseLinkLocalConnections(bool refuse);

/// Whether the guard would refuse it.
bool IsLinkLocal(const sockaddr* address, socklen_t size);

}  // namespace millrace
