#include "cli/progress_display.h"

#include <algorithm>

#include "cli/amount_text.h"
#include "cli/console.h"
#include "cli/duration_text.h"

namespace millrace {
namespace {

constexpr auto kRedrawEvery = std::chrono::milliseconds(200);
constexpr auto kLogEvery = std::chrono::seconds(10);
constexpr size_t kLinesMax = 12;  // running streams shown at a time

std::chrono::milliseconds Between(SteadyTime from, SteadyTime to) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(to - from);
}

/// "0:07", "1:02:07".
std::string ClockText(std::chrono::milliseconds span) {
  const int64_t seconds = span.count() / 1000;
  if (seconds < 3600) return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
  return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds % 3600 / 60, seconds % 60);
}

bool IsRunning(const StreamReport& report) {
  return report.status == "STARTED" || report.status == "RUNNING";
}

/// "  63 %, about 12 s left"; empty without an estimate.
std::string EstimateText(const StreamReport& report, std::chrono::milliseconds elapsed) {
  if (!report.estimated_records || *report.estimated_records <= 0) return "";
  const double part = std::min(1.0, static_cast<double>(report.records_read) /
                                        static_cast<double>(*report.estimated_records));
  std::string text = fmt::format("{:3.0f} %", part * 100);
  if (part > 0.02 && part < 1.0 && elapsed.count() > 2000) {
    const auto left =
        static_cast<int64_t>(static_cast<double>(elapsed.count()) * (1 - part) / part);
    text += fmt::format(", {} left", DurationText(std::chrono::milliseconds(left / 1000 * 1000)));
  }
  return text;
}

std::string RateText(int64_t records, std::chrono::milliseconds elapsed) {
  if (elapsed.count() < 200) return "";
  return CountText(records * 1000 / elapsed.count()) + "/s";
}

}  // namespace

ProgressDisplay::ProgressDisplay(bool verbose, bool quiet)
    : verbose_(verbose), quiet_(quiet), terminal_(Console::ErrIsTerminal()) {
  began_ = last_shown_ = std::chrono::steady_clock::now();
}

ProgressDisplay::~ProgressDisplay() { End(); }

std::chrono::milliseconds ProgressDisplay::tick() const {
  return terminal_ && !quiet_ ? kRedrawEvery : std::chrono::milliseconds(1000);
}

void ProgressDisplay::Begin(std::vector<StreamDescriptor> streams) {
  order_ = std::move(streams);
  rows_.clear();
}

void ProgressDisplay::Update(const StreamReport& report) {
  const auto now = std::chrono::steady_clock::now();
  Row& row = rows_[report.stream];
  if (row.started == SteadyTime{}) row.started = now;
  row.report = report;
  if (!IsRunning(report) && row.ended == SteadyTime{}) row.ended = now;
}

void ProgressDisplay::Tick() {
  if (quiet_ || order_.empty()) return;
  const auto now = std::chrono::steady_clock::now();
  if (terminal_ && now - last_shown_ >= kRedrawEvery) Draw();
  if (!terminal_ && now - last_shown_ >= kLogEvery) LogTotals();
}

std::string ProgressDisplay::LineOf(const Row& row, size_t name_width, SteadyTime now) const {
  const auto elapsed = Between(row.started, now);
  std::string name = CutToWidth(VisibleText(row.report.stream.ToString()), name_width);
  name.append(name_width - DisplayWidth(name), ' ');
  return fmt::format("  {}  {:>13}  {:>8}  {:>12}  {:>7}  {}", name,
                     CountText(row.report.records_read), BytesText(row.report.bytes_read),
                     RateText(row.report.records_read, elapsed), ClockText(elapsed),
                     EstimateText(row.report, elapsed));
}

std::string ProgressDisplay::StreamsText() const {
  return CountText(static_cast<int64_t>(order_.size()), "stream");
}

void ProgressDisplay::Draw() {
  const auto now = std::chrono::steady_clock::now();
  size_t done = 0, running = 0, name_width = 8;
  int64_t records = 0, bytes = 0;
  for (const auto& [stream, row] : rows_) {
    records += row.report.records_read;
    bytes += row.report.bytes_read;
    done += !IsRunning(row.report);
    if (!IsRunning(row.report)) continue;
    ++running;
    name_width = std::max(name_width, DisplayWidth(VisibleText(stream.ToString())));
  }
  const auto width = static_cast<size_t>(Console::ErrWidth());
  name_width = std::min<size_t>(name_width, width > 90 ? width - 70 : 20);
  const Console::Style& style = Console::ErrStyle();
  std::vector<std::string> lines;
  for (const StreamDescriptor& stream : order_) {
    const auto found = rows_.find(stream);
    if (found == rows_.end() || !IsRunning(found->second.report)) continue;
    if (lines.size() == kLinesMax) break;
    lines.push_back(CutToWidth(LineOf(found->second, name_width, now), width - 1));
  }
  std::string total = fmt::format("{} of {} done", done, StreamsText());
  if (running > lines.size()) total += fmt::format(", {} more running", running - lines.size());
  total += fmt::format("  ·  {}  ·  {}  ·  {}", CountText(records, "record"), BytesText(bytes),
                       ClockText(Between(began_, now)));
  lines.push_back(CutToWidth(total, width - 1));
  Erase();
  std::string text;
  for (const std::string& line : lines) {
    const bool last = &line == &lines.back();
    text += last ? fmt::format("{}{}{}\n", style.dim, line, style.reset) : line + "\n";
  }
  Console::Err(text);
  lines_shown_ = static_cast<int>(lines.size());
  last_shown_ = now;
}

void ProgressDisplay::Erase() {
  if (lines_shown_ == 0) return;
  // To the first of our lines, then clear from there to the end of the screen.
  Console::Err(fmt::format("\x1b[{}F\x1b[J", lines_shown_));
  lines_shown_ = 0;
}

void ProgressDisplay::LogTotals() {
  const auto now = std::chrono::steady_clock::now();
  size_t done = 0;
  int64_t records = 0, bytes = 0;
  std::string running;
  size_t named = 0;
  for (const auto& [stream, row] : rows_) {
    records += row.report.records_read;
    bytes += row.report.bytes_read;
    done += !IsRunning(row.report);
    if (!IsRunning(row.report) || ++named > 3) continue;
    running += fmt::format("{}{} {}", running.empty() ? "; " : ", ", VisibleText(stream.ToString()),
                           CountText(row.report.records_read));
  }
  const auto elapsed = Between(began_, now);
  Console::Err(fmt::format("{}: {} of {} done, {}, {}, {}{}\n", ClockText(elapsed), done,
                           StreamsText(), CountText(records, "record"), BytesText(bytes),
                           RateText(records, elapsed), running));
  last_shown_ = now;
}

void ProgressDisplay::Log(LogLevel level, std::string_view message) {
  if (level < LogLevel::kWarn && !verbose_) return;
  Erase();
  const Console::Style& style = Console::ErrStyle();
  if (level == LogLevel::kWarn) {
    constexpr size_t kWarningsMost = 100;
    if (warnings_.size() < kWarningsMost) warnings_.emplace_back(message);
    Console::PrintWarning(message);
  } else if (level == LogLevel::kError) {
    Console::PrintError(message);
  } else {
    Console::Err(fmt::format("{}{}{}\n", style.dim, VisibleText(message), style.reset));
  }
}

void ProgressDisplay::End() { Erase(); }

}  // namespace millrace
