#include "attempt/channel_backlog.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "protocol/message.h"

namespace millrace {
namespace {

/// Tells streams apart; "" when the message names none.
std::string StreamKey(const Json& message) {
  const Json progress = message.value("progress", Json::object());
  return Json{progress.value("namespace", Json()), progress.value("name", Json())}.dump();
}

}  // namespace

void ChannelBacklog::Add(const Json& message) {
  if (message.value("type", Json()) == Json("PROGRESS")) {
    progress_.insert_or_assign(StreamKey(message), JsonValue(message));
    return;
  }
  const auto bytes =
      static_cast<int64_t>(message.dump(-1, ' ', false, Json::error_handler_t::replace).size());
  log_.push_back({JsonValue(message), bytes});
  log_bytes_ += bytes;
  while (log_bytes_ > kLogBytesMax) {
    log_bytes_ -= log_.front().bytes;
    log_.pop_front();
    ++dropped_;
  }
}

std::vector<JsonValue> ChannelBacklog::Take() {
  std::vector<JsonValue> messages;
  if (dropped_ > 0) {
    messages.emplace_back(LogMessage(
        LogLevel::kWarn,
        fmt::format("{} log lines were dropped while the server was out of reach", dropped_)));
  }
  for (Line& line : log_) messages.push_back(std::move(line.message));
  for (auto& [stream, message] : progress_) messages.push_back(std::move(message));
  *this = ChannelBacklog();
  return messages;
}

}  // namespace millrace
