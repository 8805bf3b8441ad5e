#include "attempt/attempt_channel.h"

#include <nlohmann/json.hpp>

#include "attempt/error_json.h"

namespace millrace {

AttemptChannel::AttemptChannel(std::unique_ptr<JsonLineSocket> socket, CommandListener on_command)
    : socket_(std::move(socket)),
      on_command_(std::move(on_command)),
      listener_([this] { Listen(); }) {}

AttemptChannel::~AttemptChannel() {
  socket_->ShutDown();
  listener_.join();
}

Status AttemptChannel::Tell(Json message) {
  {
    std::lock_guard lock(mutex_);
    message["seq"] = ++last_seq_;
  }
  return socket_->Write(message);
}

Result<Json> AttemptChannel::Ask(Json message, Deadline deadline) {
  int64_t seq = 0;
  {
    std::lock_guard lock(mutex_);
    seq = ++last_seq_;
    expected_[seq] = std::nullopt;
  }
  message["seq"] = seq;
  const Status written = socket_->Write(message);
  std::unique_lock lock(mutex_);
  if (written.ok()) {
    const auto done = [&] { return closed_ || expected_[seq].has_value(); };
    if (deadline.never()) {
      answered_.wait(lock, done);
    } else {
      answered_.wait_until(lock, deadline.when(), done);
    }
  }
  const std::optional<Json> answer = std::move(expected_[seq]);
  expected_.erase(seq);
  if (!answer) return Status::Canceled();
  if (answer->contains("error")) return Status::Failed(ErrorFromJson((*answer)["error"]));
  return answer->value("value", Json());
}

void AttemptChannel::TakeAnswer(const Json& message) {
  const Json seq = message["answer"];
  std::lock_guard lock(mutex_);
  const auto found = seq.is_number_integer() ? expected_.find(seq.get<int64_t>()) : expected_.end();
  if (found != expected_.end()) found->second = message;
  answered_.notify_all();
}

void AttemptChannel::Listen() {
  for (;;) {
    const auto message = socket_->Read();
    if (!message.ok() || !*message) break;
    if ((*message)->contains("answer")) TakeAnswer(**message);
    const Json command = (*message)->value("command", Json());
    if (command.is_string()) on_command_(command.get_ref<const std::string&>());
  }
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    answered_.notify_all();
  }
  on_command_("closed");
}

}  // namespace millrace
