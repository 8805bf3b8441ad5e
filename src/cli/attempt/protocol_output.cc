#include "cli/attempt/protocol_output.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/error_of.h"
#include "base/file_io.h"
#include "base/secrets.h"
#include "protocol/message.h"

namespace millrace {

std::string MessageLine(const Json& message) {
  return message.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Status ProtocolOutput::WriteLines(std::string_view lines) {
  std::lock_guard lock(mutex_);
  while (!lines.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, lines.data(), lines.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoError(errno, "writing to standard output");
    lines.remove_prefix(static_cast<size_t>(written));
  }
  return Status::Ok();
}

void ProtocolOutput::WriteMessage(const Json& message) {
  (void)WriteLines(MessageLine(message)).ok();
}

void ProtocolOutput::WriteWords(const Json& message) {
  (void)WriteLines(Secrets::Redact(MessageLine(message))).ok();
}

Status ProtocolOutput::WriteConfig(const Json& config) {
  const auto now =
      std::chrono::floor<std::chrono::milliseconds>(Clock::System().WallNow().time_since_epoch());
  const Json message{{"type", "CONTROL"},
                     {"control",
                      {{"type", "CONNECTOR_CONFIG"},
                       {"emitted_at", static_cast<double>(now.count())},
                       {"connectorConfig", {{"config", config}}}}}};
  return WriteLines(MessageLine(message));
}

void ProtocolOutput::WriteError(const Error& error) {
  WriteWords(ErrorTraceMessage(error, Clock::System().WallNow()));
}

int ProtocolOutput::Fail(const Status& status) {
  WriteError(ErrorOf(status));
  return 1;
}

}  // namespace millrace
