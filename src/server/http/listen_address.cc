#include "server/http/listen_address.h"

#include <fmt/format.h>

namespace millrace {

using Tcp = boost::asio::ip::tcp;

std::string TextOf(const Tcp::endpoint& endpoint) {
  return fmt::format(fmt::runtime(endpoint.address().is_v6() ? "[{}]:{}" : "{}:{}"),
                     endpoint.address().to_string(), endpoint.port());
}

Result<Tcp::endpoint> EndpointOf(const std::string& address) {
  const size_t colon = address.rfind(':');
  std::string host = address.substr(0, std::min(colon, address.size()));
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  if (host == "localhost") host = "127.0.0.1";
  boost::system::error_code error;
  const auto ip = boost::asio::ip::make_address(host, error);
  int port = -1;
  if (colon != std::string::npos) {
    const std::string digits = address.substr(colon + 1);
    const bool whole = !digits.empty() && digits.size() <= 5 &&
                       digits.find_first_not_of("0123456789") == std::string::npos;
    port = whole ? std::stoi(digits) : -1;
  }
  if (error || port < 0 || port > 65535) {
    return ConfigError("{} is no address to listen on: give IP:PORT, like 127.0.0.1:8000", address);
  }
  return Tcp::endpoint(ip, static_cast<unsigned short>(port));
}

}  // namespace millrace
