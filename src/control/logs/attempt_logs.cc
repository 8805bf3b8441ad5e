#include "control/logs/attempt_logs.h"

#include <algorithm>
#include <deque>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/secret_forms.h"
#include "base/secrets.h"

namespace millrace {
namespace {

constexpr int64_t kNewestBytesMax = 4 << 20;
constexpr int64_t kLongestLine = 1 << 20;
/// Most lines end within so much.
constexpr int64_t kLineStartBytes = 4 << 10;
/// What a line takes besides its message.
constexpr int64_t kLineOverhead = 256;

std::string Dumped(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// At most `bytes_max` of the text, not cut inside a letter, and how much is missing.
void Cut(std::string* text, int64_t bytes_max) {
  const auto size = static_cast<int64_t>(text->size());
  if (size <= bytes_max) return;
  auto kept = static_cast<size_t>(bytes_max);
  while (kept > 0 && (static_cast<unsigned char>((*text)[kept]) & 0xC0) == 0x80) --kept;
  text->resize(kept);
  *text += fmt::format("… ({} more bytes)", size - static_cast<int64_t>(kept));
}

}  // namespace

/// A log that is being written. All but `writing` guarded by AttemptLogs' mutex_.
struct AttemptLogs::Open {
  std::vector<std::string> secrets;  // longest first
  int64_t bytes = -1;                // stored and waiting; -1: not asked yet
  std::string waiting;               // whole lines
  std::deque<std::pair<int64_t, std::string>> states;
  int64_t left_out = 0;
  bool full = false;
  bool told = false;  // of a failure
  SteadyTime not_before{};
  std::mutex writing;  // held during a write: lines stay in order
};

AttemptLogs::AttemptLogs(std::unique_ptr<LogStorage> storage, const Clock& clock, Options options)
    : storage_(std::move(storage)),
      clock_(clock),
      options_(options),
      writer_([this](const std::stop_token& stop) { WriteLoop(stop); }) {}

AttemptLogs::~AttemptLogs() {
  writer_.request_stop();
  if (writer_.joinable()) writer_.join();
  std::vector<AttemptId> ids;
  for (const auto& [id, open] : open_) ids.push_back(id);
  for (const AttemptId& id : ids) WriteWaiting(id);
}

AttemptLogs::Open& AttemptLogs::Opened(const AttemptId& id) {
  auto& open = open_[id];
  if (open == nullptr) open = std::make_shared<Open>();
  return *open;
}

void AttemptLogs::Begin(const AttemptId& id, std::vector<std::string> secrets) {
  auto forms = SecretFormsOf(secrets);
  const auto before = storage_->Size(id);
  const std::lock_guard lock(mutex_);
  Open& open = Opened(id);
  open.secrets = std::move(forms);
  if (open.bytes < 0 && before.ok()) {
    open.bytes = *before + static_cast<int64_t>(open.waiting.size());
  }
}

void AttemptLogs::Append(const AttemptId& id, LogEvent event) {
  if (event.timestamp == 0) event.timestamp = clock_.WallNow().time_since_epoch().count() / 1000;
  event.message = Secrets::Redact(event.message);
  event.stack_trace = Secrets::Redact(event.stack_trace);
  const std::lock_guard lock(mutex_);
  Open& open = Opened(id);
  event.message = Secrets::Strike(event.message, open.secrets);
  event.stack_trace = Secrets::Strike(event.stack_trace, open.secrets);
  Cut(&event.message, options_.line_bytes_max);
  Cut(&event.stack_trace, options_.line_bytes_max);
  const int64_t size =
      static_cast<int64_t>(event.message.size() + event.stack_trace.size()) + kLineOverhead;
  const bool waits_too_long =
      static_cast<int64_t>(open.waiting.size()) + size > options_.waiting_bytes_max;
  if (open.full || waits_too_long) {
    ++open.left_out;
    return;
  }
  if (open.bytes + size > options_.attempt_bytes_max) {
    open.full = true;
    ++open.left_out;
    return;
  }
  if (open.left_out > 0) SayWhatIsLeftOut(open);
  AddLine(open, event);
}

void AttemptLogs::AddLine(Open& open, const LogEvent& event) {
  const std::string line = Dumped(ToJson(event)) + "\n";
  open.waiting += line;
  if (open.bytes >= 0) open.bytes += static_cast<int64_t>(line.size());
}

void AttemptLogs::SayWhatIsLeftOut(Open& open) {
  LogEvent event;
  event.timestamp = clock_.WallNow().time_since_epoch().count() / 1000;
  event.level = "WARN";
  event.message = fmt::format("{} lines were left out here: {}", open.left_out,
                              open.full ? "the log has reached its largest size"
                                        : "they came faster than they could be stored");
  open.left_out = 0;
  AddLine(open, event);
}

void AttemptLogs::KeepState(const AttemptId& id, int64_t checkpoint, const Json& state) {
  constexpr size_t kStatesMax = 16;
  std::string text = Dumped(state);
  const std::lock_guard lock(mutex_);
  auto& states = Opened(id).states;
  // A storage that can't keep up loses the oldest: the store itself has the newest.
  if (states.size() >= kStatesMax) states.pop_front();
  states.emplace_back(checkpoint, std::move(text));
}

void AttemptLogs::End(const AttemptId& id) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = open_.find(id);
    if (found == open_.end()) return;
    if (found->second->left_out > 0) SayWhatIsLeftOut(*found->second);
  }
  WriteWaiting(id);
  const std::lock_guard lock(mutex_);
  open_.erase(id);
}

void AttemptLogs::WriteLoop(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::vector<AttemptId> due;
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, stop, options_.write_interval, [] { return false; });
      const SteadyTime now = clock_.Now();
      for (const auto& [id, open] : open_) {
        const bool something = !open->waiting.empty() || !open->states.empty();
        if (something && now >= open->not_before) due.push_back(id);
      }
    }
    for (const AttemptId& id : due) WriteWaiting(id);
  }
}

void AttemptLogs::WriteWaiting(const AttemptId& id) {
  std::shared_ptr<Open> open;
  {
    const std::lock_guard lock(mutex_);
    const auto found = open_.find(id);
    if (found == open_.end()) return;
    open = found->second;
  }
  const std::lock_guard one_at_a_time(open->writing);
  std::string lines;
  std::deque<std::pair<int64_t, std::string>> states;
  bool unknown = false;
  {
    const std::lock_guard lock(mutex_);
    lines = open->waiting;
    states.swap(open->states);
    unknown = open->bytes < 0;
  }
  const auto before = unknown ? storage_->Size(id) : Result<int64_t>(int64_t{0});
  Status status = before.status();
  if (status.ok() && !lines.empty()) status = storage_->Append(id, lines);
  const bool appended = status.ok();
  for (const auto& [checkpoint, state] : states) {
    if (status.ok()) status = storage_->KeepState(id, checkpoint, state);
  }
  const std::lock_guard lock(mutex_);
  if (appended) {
    open->waiting.erase(0, lines.size());
    if (unknown && open->bytes < 0) {
      open->bytes = *before + static_cast<int64_t>(lines.size() + open->waiting.size());
    }
  }
  if (status.ok()) {
    open->told = false;
    return;
  }
  open->not_before = clock_.Now() + options_.retry_interval;
  if (!std::exchange(open->told, true)) {
    Log(LogLevel::kWarn, "can't store the log of attempt {} (it waits): {}", id.ToString(),
        status.ToString());
  }
}

Result<AttemptLogs::Piece> AttemptLogs::Read(const AttemptId& id, int64_t offset,
                                             int64_t bytes_max) const {
  Piece piece;
  piece.next_offset = offset;
  MR_ASSIGN_OR_RETURN(const int64_t size, storage_->Size(id));
  if (offset < 0 || offset >= size) return piece;
  int64_t wanted = std::min(size - offset, bytes_max);
  MR_ASSIGN_OR_RETURN(piece.lines, storage_->Read(id, offset, wanted));
  if (piece.lines.find('\n') == std::string::npos && wanted < size - offset) {
    wanted = std::min(size - offset, kLongestLine);
    MR_ASSIGN_OR_RETURN(piece.lines, storage_->Read(id, offset, wanted));
  }
  const size_t end = piece.lines.rfind('\n');
  piece.lines.resize(end == std::string::npos ? 0 : end + 1);
  piece.next_offset += static_cast<int64_t>(piece.lines.size());
  return piece;
}

Result<int64_t> AttemptLogs::LineStart(const AttemptId& id, int64_t offset) const {
  if (offset <= 0) return offset;
  // What comes before a line is the end of another one.
  MR_ASSIGN_OR_RETURN(const Piece before, Read(id, offset - 1, kLineStartBytes));
  const size_t end = before.lines.find('\n');
  return end == std::string::npos ? offset : offset + static_cast<int64_t>(end);
}

Result<std::vector<LogEvent>> AttemptLogs::Newest(const AttemptId& id, size_t lines_max) const {
  MR_ASSIGN_OR_RETURN(const int64_t size, storage_->Size(id));
  if (size == 0) return std::vector<LogEvent>();
  const int64_t offset = std::max(int64_t{0}, size - kNewestBytesMax);
  MR_ASSIGN_OR_RETURN(const std::string bytes, storage_->Read(id, offset, size - offset));
  std::string_view lines = bytes;
  lines = lines.substr(0, lines.rfind('\n') + 1);
  if (offset > 0) lines.remove_prefix(std::min(lines.find('\n') + 1, lines.size()));
  size_t start = lines.size();
  for (size_t count = 0; start > 0 && count < lines_max; ++count) {
    const size_t end = start < 2 ? std::string_view::npos : lines.rfind('\n', start - 2);
    start = end == std::string_view::npos ? 0 : end + 1;
  }
  return LogEventsOf(lines.substr(start));
}

}  // namespace millrace
