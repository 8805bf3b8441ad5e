#include "files/sftp_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include "clients/ssh/sftp_session.h"

namespace millrace {
namespace {

/// How often a session may be made for one read (or one look): transient failures, nothing else.
constexpr int kAttemptsMax = 4;
constexpr size_t kIdleSessionsMax = 4;

/// Sessions that nobody uses at the moment. Thread-safe.
class SftpSessions {
 public:
  explicit SftpSessions(SshOptions options) : options_(std::move(options)) {}

  Result<std::unique_ptr<SftpSession>> Take() {
    {
      std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        std::unique_ptr<SftpSession> session = std::move(idle_.back());
        idle_.pop_back();
        return session;
      }
    }
    return SftpSession::Connect(options_);
  }

  void GiveBack(std::unique_ptr<SftpSession> session) {
    session->Close();
    std::lock_guard lock(mutex_);
    if (idle_.size() < kIdleSessionsMax) idle_.push_back(std::move(session));
  }

 private:
  const SshOptions options_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<SftpSession>> idle_;  // guarded by mutex_
};

bool WorthARetry(const Status& status) {
  return status.failed() && status.error().type == FailureType::kTransientError;
}

class SftpReader : public ByteReader {
 public:
  SftpReader(std::shared_ptr<SftpSessions> sessions, std::string path, int64_t offset, int64_t size)
      : sessions_(std::move(sessions)), path_(std::move(path)), at_(offset), left_(size) {}

  ~SftpReader() override {
    if (session_ != nullptr) sessions_->GiveBack(std::move(session_));
  }

  Result<int64_t> Read(char* out, int64_t size) override {
    if (left_ >= 0) size = std::min(size, left_);
    if (size == 0) return int64_t{0};
    for (;;) {
      Result<int64_t> got = ReadOnce(out, size);
      if (got.ok()) {
        at_ += *got;
        if (left_ >= 0) left_ -= *got;
        return got;
      }
      session_.reset();
      if (!WorthARetry(got.status()) || ++attempts_ >= kAttemptsMax) return got.status();
    }
  }

 private:
  Result<int64_t> ReadOnce(char* out, int64_t size) {
    if (session_ == nullptr) {
      MR_ASSIGN_OR_RETURN(session_, sessions_->Take());
      MR_RETURN_IF_ERROR(session_->Open(path_, at_));
    }
    return session_->Read(out, size);
  }

  const std::shared_ptr<SftpSessions> sessions_;
  const std::string path_;
  int64_t at_;
  int64_t left_;
  int attempts_ = 0;
  std::unique_ptr<SftpSession> session_;
};

class SftpInput : public FileInput {
 public:
  SftpInput(SshOptions options, std::string path)
      : name_(fmt::format("sftp://{}{}", options.Where(), path)),
        path_(std::move(path)),
        sessions_(std::make_shared<SftpSessions>(std::move(options))) {}

  const std::string& name() const override { return name_; }

  Result<FileFacts> Stat() override {
    for (int attempt = 1;; ++attempt) {
      Result<SftpFacts> facts = StatOnce();
      if (facts.ok()) {
        return FileFacts{
            .size = facts->size, .ranged = true, .version = fmt::format("{}", facts->modified_s)};
      }
      if (!WorthARetry(facts.status()) || attempt == kAttemptsMax) return facts.status();
    }
  }

  Result<std::unique_ptr<ByteReader>> Open(int64_t offset, int64_t size) override {
    return std::make_unique<SftpReader>(sessions_, path_, offset, size);
  }

 private:
  Result<SftpFacts> StatOnce() {
    MR_ASSIGN_OR_RETURN(std::unique_ptr<SftpSession> session, sessions_->Take());
    MR_ASSIGN_OR_RETURN(const SftpFacts facts, session->Stat(path_));
    sessions_->GiveBack(std::move(session));
    return facts;
  }

  const std::string name_;
  const std::string path_;
  const std::shared_ptr<SftpSessions> sessions_;
};

}  // namespace

std::unique_ptr<FileInput> MakeSftpInput(SshOptions options, std::string path) {
  return std::make_unique<SftpInput>(std::move(options), std::move(path));
}

}  // namespace millrace
