#include "declarative/requests/private_address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <memory>

#include "declarative/jinja/py_error.h"

namespace millrace {
namespace {

struct Network {
  int family;
  const char* address;
  int bits;
};

// What IANA's special-purpose registries call not globally reachable, as Python 3.11 lists it.
constexpr Network kPrivate[] = {
    {AF_INET, "0.0.0.0", 8},       {AF_INET, "10.0.0.0", 8},     {AF_INET, "127.0.0.0", 8},
    {AF_INET, "169.254.0.0", 16},  {AF_INET, "172.16.0.0", 12},  {AF_INET, "192.0.0.0", 24},
    {AF_INET, "192.0.2.0", 24},    {AF_INET, "192.168.0.0", 16}, {AF_INET, "198.18.0.0", 15},
    {AF_INET, "198.51.100.0", 24}, {AF_INET, "203.0.113.0", 24}, {AF_INET, "240.0.0.0", 4},
    {AF_INET6, "::1", 128},        {AF_INET6, "::", 128},        {AF_INET6, "::ffff:0:0", 96},
    {AF_INET6, "100::", 64},       {AF_INET6, "2001::", 23},     {AF_INET6, "2001:db8::", 32},
    {AF_INET6, "fc00::", 7},       {AF_INET6, "fe80::", 10}};

using AddressBytes = std::array<unsigned char, 16>;

bool Within(const AddressBytes& address, const AddressBytes& network, int bits) {
  const int whole = bits / 8;
  if (std::memcmp(address.data(), network.data(), static_cast<size_t>(whole)) != 0) return false;
  if (bits % 8 == 0) return true;
  const int mask = 0xFF << (8 - bits % 8);
  const auto at = static_cast<size_t>(whole);
  return ((address[at] ^ network[at]) & mask) == 0;
}

bool IsPrivateBytes(int family, const AddressBytes& address) {
  for (const Network& network : kPrivate) {
    if (network.family != family) continue;
    AddressBytes bytes{};
    ::inet_pton(family, network.address, bytes.data());
    if (Within(address, bytes, network.bits)) return true;
  }
  return false;
}

}  // namespace

bool IsPrivateAddress(const std::string& address) {
  for (const int family : {AF_INET, AF_INET6}) {
    AddressBytes bytes{};
    if (::inet_pton(family, address.c_str(), bytes.data()) == 1)
      return IsPrivateBytes(family, bytes);
  }
  return false;
}

Result<bool> ResolvesToPrivateAddress(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &found); code != 0) {
    return PyError("InvalidURL", "Invalid URL: " + host + ": " + ::gai_strerror(code));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    AddressBytes bytes{};
    if (entry->ai_family == AF_INET) {
      std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in*>(entry->ai_addr)->sin_addr, 4);
    } else if (entry->ai_family == AF_INET6) {
      std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in6*>(entry->ai_addr)->sin6_addr,
                  16);
    } else {
      continue;
    }
    if (IsPrivateBytes(entry->ai_family, bytes)) return true;
  }
  return false;
}

}  // namespace millrace
