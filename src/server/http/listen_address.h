#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <string>

#include "base/result.h"

namespace millrace {

/// What "127.0.0.1:8000" or "[::1]:8000" names; "localhost" is 127.0.0.1. Config errors.
Result<boost::asio::ip::tcp::endpoint> EndpointOf(const std::string& address);

/// The same form, from an endpoint.
std::string TextOf(const boost::asio::ip::tcp::endpoint& endpoint);

}  // namespace millrace
