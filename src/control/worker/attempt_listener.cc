#include "control/worker/attempt_listener.h"

#include <poll.h>
#include <sodium.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "attempt/parent_call.h"
#include "base/file_io.h"

namespace millrace {
namespace {

constexpr int kWaitingCallsMax = 128;
/// A caller that says nothing holds the others up for so long.
constexpr auto kHelloLimit = std::chrono::seconds(2);

bool SameText(const std::string& a, const std::string& b) {
  return a.size() == b.size() && ::sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool OfSameUser(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == ::geteuid();
}

}  // namespace

CallSlot::CallSlot() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

CallSlot::~CallSlot() { ::close(fd_); }

void CallSlot::Put(std::unique_ptr<JsonLineSocket> socket) {
  std::lock_guard lock(mutex_);
  socket_ = std::move(socket);
  (void)::eventfd_write(fd_, 1);
}

std::unique_ptr<JsonLineSocket> CallSlot::Take() {
  std::lock_guard lock(mutex_);
  eventfd_t ignored = 0;
  (void)::eventfd_read(fd_, &ignored);
  return std::move(socket_);
}

Result<std::unique_ptr<AttemptListener>> AttemptListener::Open(const std::filesystem::path& path) {
  MR_ASSIGN_OR_RETURN(const SocketAddress address, SocketAddress::Of(path));
  const std::string doing = "listening on " + path.string();
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return ErrnoError(errno, doing);
  ::unlink(path.c_str());
  ::fchmod(fd, 0600);  // the name that bind makes gets the socket's mode
  if (::bind(fd, address.get(), SocketAddress::size()) != 0 || ::chmod(path.c_str(), 0600) != 0 ||
      ::listen(fd, kWaitingCallsMax) != 0) {
    const int error_number = errno;
    ::close(fd);
    return ErrnoError(error_number, doing);
  }
  const int waking = ::eventfd(0, EFD_CLOEXEC);
  return std::unique_ptr<AttemptListener>(new AttemptListener(fd, waking));
}

AttemptListener::AttemptListener(int listening, int waking)
    : listening_(listening),
      waking_(waking),
      thread_([this](const std::stop_token& stop) { Listen(stop); }) {}

AttemptListener::~AttemptListener() {
  thread_.request_stop();
  (void)::eventfd_write(waking_, 1);
  thread_.join();
  ::close(listening_);
  ::close(waking_);
}

std::shared_ptr<CallSlot> AttemptListener::Expect(AttemptId id, std::string token) {
  auto slot = std::make_shared<CallSlot>();
  std::lock_guard lock(mutex_);
  expected_.insert_or_assign(id, Expected{std::move(token), slot});
  return slot;
}

void AttemptListener::Forget(AttemptId id) {
  std::lock_guard lock(mutex_);
  expected_.erase(id);
}

bool AttemptListener::expects(AttemptId id) const {
  std::lock_guard lock(mutex_);
  return expected_.contains(id);
}

void AttemptListener::Listen(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    pollfd waited[] = {{listening_, POLLIN, 0}, {waking_, POLLIN, 0}};
    if (::poll(waited, 2, -1) < 0 && errno != EINTR) return;
    if (waited[0].revents == 0) continue;
    const int fd = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) {
      Receive(fd);
    } else {
      ::poll(nullptr, 0, 100);  // out of descriptors: not in a busy loop
    }
  }
}

std::shared_ptr<CallSlot> AttemptListener::Admit(AttemptId id, const std::string& token) const {
  std::lock_guard lock(mutex_);
  const auto found = expected_.find(id);
  if (found == expected_.end()) return nullptr;
  if (found->second.token.empty()) return nullptr;  // it was never started
  return SameText(found->second.token, token) ? found->second.slot : nullptr;
}

std::shared_ptr<CallSlot> AttemptListener::SlotOf(const Json& hello) const {
  const Json attempt = hello.value("attempt", Json::object());
  if (!attempt.is_object()) return nullptr;
  const Json job = attempt.value("job", Json()), number = attempt.value("number", Json());
  const Json token = attempt.value("token", Json());
  if (!job.is_number_integer() || !number.is_number_integer() || !token.is_string()) return nullptr;
  return Admit({job.get<int64_t>(), number.get<int64_t>()}, token.get<std::string>());
}

void AttemptListener::Receive(int fd) {
  auto socket = std::make_unique<JsonLineSocket>(fd);
  if (!OfSameUser(fd)) return;
  SetSocketTimeout(fd, kHelloLimit);
  const auto hello = socket->Read();
  if (!hello.ok() || !*hello) return;
  const auto slot = SlotOf(**hello);
  if (!slot) {
    (void)socket->Write({{"unknown", true}}).ok();
    return;
  }
  if (!socket->Write({{"welcome", true}}).ok()) return;
  SetSocketTimeout(fd, std::chrono::seconds(0));
  slot->Put(std::move(socket));
}

}  // namespace millrace
