#include "attempt/attempt_channel.h"

#include <nlohmann/json.hpp>

#include "attempt/error_json.h"

namespace millrace {

AttemptChannel::AttemptChannel(std::unique_ptr<JsonLineSocket> socket, CommandListener on_command,
                               std::optional<Redial> redial)
    : on_command_(std::move(on_command)),
      redial_(std::move(redial)),
      socket_(std::move(socket)),
      listener_([this](const std::stop_token& stop) { Listen(stop); }) {}

AttemptChannel::~AttemptChannel() {
  Close();
  listener_.join();
}

void AttemptChannel::Close() {
  listener_.request_stop();
  std::lock_guard lock(mutex_);
  if (socket_) socket_->ShutDown();
}

Json AttemptChannel::Numbered(Json message) {
  message["seq"] = ++last_seq_;
  return message;
}

Status AttemptChannel::Tell(Json message) {
  SocketPtr socket;
  {
    std::lock_guard lock(mutex_);
    if (closed_) return Status::Canceled();
    message = Numbered(std::move(message));
    socket = socket_;
    if (!socket) {
      backlog_.Add(message);
      return Status::Ok();
    }
  }
  Status written = socket->Write(message);
  if (written.ok() || !redial_) return written;
  socket->ShutDown();  // the listener notices
  {
    std::lock_guard lock(mutex_);
    if (socket_ == nullptr || socket_ == socket) {
      backlog_.Add(message);
      return Status::Ok();
    }
    socket = socket_;
  }
  // It broke and was mended in between: what is lost after this is a log line.
  (void)socket->Write(message).ok();
  return Status::Ok();
}

bool AttemptChannel::AwaitAnswer(std::unique_lock<std::mutex>& lock, int64_t seq,
                                 std::chrono::milliseconds limit) {
  const SteadyTime asked = std::chrono::steady_clock::now();
  for (;;) {
    const Pending& pending = pending_[seq];
    if (pending.answer) return true;
    if (closed_) return false;
    if (!socket_ || limit == std::chrono::milliseconds::max()) {
      changed_.wait(lock);  // the listener wakes it: an answer, a break, a new socket, the end
      continue;
    }
    const SteadyTime until = std::max(asked, connected_since_) + limit;
    if (std::chrono::steady_clock::now() >= until) return false;
    changed_.wait_until(lock, until);
  }
}

Result<Json> AttemptChannel::Ask(Json message, std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  message = Numbered(std::move(message));
  const int64_t seq = last_seq_;
  pending_[seq].message = JsonValue(message);
  if (const SocketPtr socket = socket_) {
    lock.unlock();
    const bool written = socket->Write(message).ok();
    if (!written) socket->ShutDown();  // the listener notices, and sends it again when it can
    lock.lock();
  }
  AwaitAnswer(lock, seq, limit);
  const std::optional<JsonValue> answer = std::move(pending_[seq].answer);
  pending_.erase(seq);
  if (!answer) return Status::Canceled();
  if ((*answer)->contains("error")) return Status::Failed(ErrorFromJson((**answer)["error"]));
  return (*answer)->value("value", Json());
}

Status AttemptChannel::TellLast(Json message) {
  if (!redial_) return Tell(std::move(message));
  return Ask(std::move(message), std::chrono::milliseconds::max()).status();
}

void AttemptChannel::TakeAnswer(const Json& message) {
  const Json seq = message["answer"];
  std::lock_guard lock(mutex_);
  const auto found = seq.is_number_integer() ? pending_.find(seq.get<int64_t>()) : pending_.end();
  if (found != pending_.end()) found->second.answer = JsonValue(message);
  changed_.notify_all();
}

void AttemptChannel::TakeMessages(JsonLineSocket& socket) {
  for (;;) {
    const auto message = socket.Read();
    if (!message.ok() || !*message) return;
    if ((*message)->contains("answer")) TakeAnswer(**message);
    const Json command = (*message)->value("command", Json());
    if (command.is_string()) on_command_(command.get_ref<const std::string&>());
  }
}

bool AttemptChannel::CallAgain(const std::stop_token& stop) {
  if (!redial_ || stop.stop_requested()) return false;
  {
    std::lock_guard lock(mutex_);
    socket_->ShutDown();
    socket_ = nullptr;
    changed_.notify_all();
  }
  on_command_("away");
  const Deadline deadline = Deadline::After(redial_->limit);
  while (!stop.stop_requested() && !deadline.Passed()) {
    auto called = redial_->call();
    if (called.ok()) {
      SendWhatWaits(std::move(*called), stop);
      on_command_("back");
      return true;
    }
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, stop, redial_->pause, [] { return false; });
  }
  return false;
}

void AttemptChannel::SendWhatWaits(SocketPtr socket, const std::stop_token& stop) {
  std::vector<JsonValue> waiting;
  {
    std::lock_guard lock(mutex_);
    waiting = backlog_.Take();
    for (const auto& [seq, pending] : pending_) {
      if (!pending.answer) waiting.push_back(pending.message);
    }
    socket_ = socket;
    connected_since_ = std::chrono::steady_clock::now();
    if (stop.stop_requested()) socket->ShutDown();  // Close came before the new socket
    changed_.notify_all();
  }
  for (const JsonValue& message : waiting) {
    // Asks that don't get through are sent again after the next break.
    if (!socket->Write(*message).ok()) return socket->ShutDown();
  }
}

void AttemptChannel::Listen(const std::stop_token& stop) {
  SocketPtr socket;
  do {
    {
      std::lock_guard lock(mutex_);
      socket = socket_;
    }
    TakeMessages(*socket);
  } while (CallAgain(stop));
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  on_command_("closed");
}

}  // namespace millrace
