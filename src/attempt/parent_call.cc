#include "attempt/parent_call.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/file_io.h"

namespace millrace {
namespace {

constexpr auto kGreetingLimit = std::chrono::seconds(10);

}  // namespace

Result<SocketAddress> SocketAddress::Of(const std::filesystem::path& path) {
  const int folder = ::open(path.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return ErrnoError(errno, "opening " + path.parent_path().string());
  SocketAddress address(folder);
  const std::string text = fmt::format("/proc/self/fd/{}/{}", folder, path.filename().string());
  if (text.size() >= sizeof address.address_.sun_path) {
    return SystemError("{} is no name for a socket", path.filename().string());
  }
  address.address_.sun_family = AF_UNIX;
  text.copy(address.address_.sun_path, text.size());
  return address;
}

SocketAddress::SocketAddress(SocketAddress&& other) noexcept
    : folder_(std::exchange(other.folder_, -1)), address_(other.address_) {}

SocketAddress::~SocketAddress() {
  if (folder_ >= 0) ::close(folder_);
}

void SetSocketTimeout(int fd, std::chrono::seconds limit) {
  const timeval time{limit.count(), 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
}

Result<std::unique_ptr<JsonLineSocket>> CallParent(const ParentAddress& parent) {
  MR_ASSIGN_OR_RETURN(const SocketAddress address, SocketAddress::Of(parent.socket_path));
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return ErrnoError(errno, "making a socket");
  auto socket = std::make_unique<JsonLineSocket>(fd);
  SetSocketTimeout(fd, kGreetingLimit);
  if (::connect(fd, address.get(), SocketAddress::size()) != 0) {
    return ErrnoError(errno, "calling the server at " + parent.socket_path);
  }
  MR_RETURN_IF_ERROR(socket->Write(
      {{"attempt", {{"job", parent.job}, {"number", parent.number}, {"token", parent.token}}}}));
  MR_ASSIGN_OR_RETURN(const auto answer, socket->Read());
  if (!answer || !answer->contains("welcome")) {
    return TransientError("the server does not know this attempt yet");
  }
  SetSocketTimeout(fd, std::chrono::seconds(0));
  return socket;
}

}  // namespace millrace
