#include "external/write_run.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/log.h"
#include "external/message_lines.h"

namespace millrace {
namespace {

/// How long a program that no longer takes its input may take to end by itself, so that its own
/// reason is known.
constexpr std::chrono::seconds kReasonLimit(5);

/// ConnectorWords, and the states that it echoes.
class WriteWords : public ConnectorWords {
 public:
  WriteWords(KeepConfig keep_config, const std::function<Status(const Json&)>& on_state)
      : ConnectorWords(std::move(keep_config)), on_state_(on_state) {}

  Status TakeMessage(const std::string& type, const Json& message, int64_t number) override {
    if (type == "STATE") return on_state_(message.value("state", Json()));
    if (type == "RECORD" && !std::exchange(record_, true)) {
      Log(LogLevel::kWarn, "the destination printed a record; records that it prints are ignored");
    }
    return ConnectorWords::TakeMessage(type, message, number);
  }

 private:
  const std::function<Status(const Json&)>& on_state_;
  bool record_ = false;
};

}  // namespace

Result<std::unique_ptr<WriteRun>> WriteRun::Start(const ConnectorTasks& tasks,
                                                  const std::vector<ConnectorFile>& files,
                                                  Events events, std::stop_token abandon) {
  MR_ASSIGN_OR_RETURN(
      auto run, ConnectorRun::Start(tasks.command(), "write", files, ConnectorRun::Input::kPiped));
  return std::unique_ptr<WriteRun>(
      new WriteRun(std::move(run), tasks.ConfigKeeper(), std::move(events), std::move(abandon)));
}

WriteRun::WriteRun(std::unique_ptr<ConnectorRun> run, ConnectorWords::KeepConfig keep_config,
                   Events events, std::stop_token abandon)
    : run_(std::move(run)),
      keep_config_(std::move(keep_config)),
      events_(std::move(events)),
      on_abandon_(std::move(abandon), [this] { stop_.request_stop(); }),
      reader_([this] { ReadLoop(); }) {}

Status WriteRun::Write(std::string_view lines) {
  const Status written = run_->Write(lines, stop_.get_token());
  if (written.ok()) return written;
  // ReadLoop is ending the program, and is about to say why.
  const bool ending = written.canceled() && !stop_.stop_requested();
  std::unique_lock lock(mutex_);
  if (written.failed() || ending) {
    const auto over = [this] { return how_ || write_failure_; };
    ended_.wait_for(lock, stop_.get_token(), kReasonLimit, over);
    if (!over() && written.failed()) write_failure_ = written;
    stop_.request_stop();
  }
  if (how_) return *how_;
  return write_failure_.value_or(written);
}

void WriteRun::CloseInput() {
  {
    const std::lock_guard lock(mutex_);
    input_ended_ = true;
  }
  run_->CloseInput();
}

void WriteRun::Stop() {
  stop_.request_stop();
  if (reader_.joinable()) reader_.join();
}

void WriteRun::ReadLoop() {
  WriteWords words(keep_config_, events_.on_state);
  MessageLines lines(words, ConnectorTasks::kLineBytesMax);
  Status read =
      run_->Read([&](std::string_view chunk) { return lines.Take(chunk); }, stop_.get_token());
  if (read.ok()) read = lines.End();
  const Status how = HowItEnded(read, words);
  {
    const std::lock_guard lock(mutex_);
    how_ = how;
  }
  ended_.notify_all();
  if (!how.canceled()) events_.on_end(how, read.ok() && run_->exit().signal == 0);
}

Status WriteRun::HowItEnded(const Status& read, const ConnectorWords& words) const {
  const ChildExit& exit = run_->exit();
  const std::lock_guard lock(mutex_);
  if (read.canceled()) {
    return write_failure_ ? Status::Failed(words.FailureOf(*write_failure_, exit)) : read;
  }
  if (!read.ok()) return Status::Failed(words.FailureOf(read, exit));
  if (!exit.clean() || words.told_error()) return Status::Failed(words.FailureOf(exit));
  if (input_ended_) return Status::Ok();
  return Status::Failed(words.FailureOf(
      SystemError("the connector ended, with {}, before its input did", exit.ToString()), exit));
}

}  // namespace millrace
