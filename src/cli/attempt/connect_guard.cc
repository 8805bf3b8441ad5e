#include "cli/attempt/connect_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <string>

#include "base/refused_address.h"

namespace millrace {
namespace {

std::atomic<bool> refusing = false;

using Bytes = std::array<unsigned char, 16>;

struct Network {
  const char* address;
  int prefix_bits;
};

constexpr Network kRefused[] = {
    {"169.254.0.0", 16},  // link-local; metadata of AWS, Azure, Google, Oracle, DigitalOcean …
    {"100.100.100.200", 32},  // metadata of Alibaba
    {"168.63.129.16", 32},    // Azure's host agent
    {"192.0.0.192", 32},      // metadata of Oracle's older instances
    {"fe80::", 10},           // link-local
    {"fd00:ec2::254", 128},   // metadata of AWS
    {"fd20:ce::254", 128},    // metadata of Google
};
/// IPv6 prefixes whose last four bytes are an IPv4 address: mapped, and translated (RFC 6052).
constexpr const char* kCarriers[] = {"::ffff:0:0", "64:ff9b::"};

/// As IPv6; IPv4 in its mapped form.
Bytes Parse(const char* text) {
  Bytes bytes{};
  if (::inet_pton(AF_INET6, text, bytes.data()) == 1) return bytes;
  bytes[10] = bytes[11] = 0xff;
  ::inet_pton(AF_INET, text, bytes.data() + 12);
  return bytes;
}

bool SamePrefix(const Bytes& a, const Bytes& b, int bits) {
  for (int i = 0; i < bits; ++i) {
    const int mask = 0x80 >> (i % 8);
    if ((a[static_cast<size_t>(i / 8)] & mask) != (b[static_cast<size_t>(i / 8)] & mask)) {
      return false;
    }
  }
  return true;
}

/// Empty: neither IPv4 nor IPv6.
bool BytesOf(const sockaddr* address, socklen_t size, Bytes* bytes) {
  if (address == nullptr) return false;
  if (address->sa_family == AF_INET && size >= sizeof(sockaddr_in)) {
    *bytes = Parse("0.0.0.0");
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
    std::memcpy(bytes->data() + 12, &v4->sin_addr, 4);
    return true;
  }
  if (address->sa_family == AF_INET6 && size >= sizeof(sockaddr_in6)) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address);
    std::memcpy(bytes->data(), &v6->sin6_addr, 16);
    for (const char* carrier : kCarriers) {
      if (!SamePrefix(*bytes, Parse(carrier), 96)) continue;
      Bytes mapped = Parse("0.0.0.0");
      std::memcpy(mapped.data() + 12, bytes->data() + 12, 4);
      *bytes = mapped;
      break;
    }
    return true;
  }
  return false;
}

std::string TextOf(const Bytes& bytes) {
  char text[INET6_ADDRSTRLEN] = {};
  const bool v4 = SamePrefix(bytes, Parse("0.0.0.0"), 96);
  ::inet_ntop(v4 ? AF_INET : AF_INET6, bytes.data() + (v4 ? 12 : 0), text, sizeof text);
  return text;
}

}  // namespace

void RefuseLinkLocalConnections(bool refuse) { refusing = refuse; }

bool IsLinkLocal(const sockaddr* address, socklen_t size) {
  Bytes bytes;
  if (!BytesOf(address, size, &bytes)) return false;
  for (const Network& network : kRefused) {
    const Bytes base = Parse(network.address);
    const bool v4 = std::strchr(network.address, ':') == nullptr;
    if (SamePrefix(bytes, base, network.prefix_bits + (v4 ? 96 : 0))) return true;
  }
  return false;
}

/// Notes the address of a connection that must not be; false for the others.
bool RefuseConnection(const sockaddr* address, socklen_t size) {
  if (!refusing || !IsLinkLocal(address, size)) return false;
  Bytes bytes;
  if (BytesOf(address, size, &bytes)) NoteRefusedAddress(TextOf(bytes));
  return true;
}

}  // namespace millrace

extern "C" __attribute__((visibility("default"))) int connect(int fd, const sockaddr* address,
                                                              socklen_t size) {
  if (millrace::RefuseConnection(address, size)) {
    errno = EACCES;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_connect, fd, address, size));
}
