#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <filesystem>
#include <memory>

#include "attempt/json_line_socket.h"
#include "attempt/start_document.h"
#include "base/result.h"

namespace millrace {

/// The address of a socket in a folder, by a descriptor of the folder: paths may be longer than an
/// address can hold. One thread; the descriptor lives as long as it.
class SocketAddress {
 public:
  static Result<SocketAddress> Of(const std::filesystem::path& path);
  SocketAddress(SocketAddress&& other) noexcept;
  SocketAddress& operator=(SocketAddress&&) = delete;
  ~SocketAddress();

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address_); }
  static constexpr socklen_t size() { return sizeof(sockaddr_un); }

 private:
  explicit SocketAddress(int folder) : folder_(folder) {}

  int folder_;
  sockaddr_un address_{};
};

/// Calls the process that serves attempts now, and tells it who we are: {"attempt": {"job",
/// "number", "token"}} is answered {"welcome": true}. Blocks for ten seconds at most. Fails when
/// nobody is there, or doesn't (yet) know the attempt.
Result<std::unique_ptr<JsonLineSocket>> CallParent(const ParentAddress& parent);

/// Bounds each read and write of a socket; zero: no bound.
void SetSocketTimeout(int fd, std::chrono::seconds limit);

}  // namespace millrace
