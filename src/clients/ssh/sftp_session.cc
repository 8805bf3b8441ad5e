#include "clients/ssh/sftp_session.h"

#include <fcntl.h>
#include <libssh/libssh.h>
#include <libssh/sftp.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace millrace {
namespace {

/// What every server gives at once, and how many such blocks are asked for ahead: enough for
/// 50 ms to the server and back at 10 MB/s.
constexpr uint32_t kBlockBytes = 32 << 10;
constexpr size_t kBlocksAhead = 16;

}  // namespace

SftpSession::~SftpSession() {
  Close();
  if (sftp_ != nullptr) sftp_free(sftp_);
}

Result<std::unique_ptr<SftpSession>> SftpSession::Connect(const SshOptions& options) {
  MR_ASSIGN_OR_RETURN(std::unique_ptr<SshSession> session, SshSession::Connect(options));
  std::unique_ptr<SftpSession> sftp(new SftpSession(std::move(session)));
  ssh_session_struct* const handle = sftp->session_->handle();
  sftp->sftp_ = sftp_new(handle);
  if (sftp->sftp_ == nullptr || sftp_init(sftp->sftp_) != SSH_OK) {
    if (!sftp->session_->connected()) {
      return sftp->session_->Failure("starting SFTP at " + options.Where());
    }
    return ConfigError("the SSH server {} does not offer SFTP: {}", options.Where(),
                       ssh_get_error(handle));
  }
  return sftp;
}

Status SftpSession::Failure(std::string_view doing, const std::string& path) const {
  if (!session_->connected()) return session_->Failure(fmt::format("{} {}", doing, path));
  switch (sftp_get_error(sftp_)) {
    case SSH_FX_NO_SUCH_FILE:
    case SSH_FX_NO_SUCH_PATH:
      return ConfigError("{} {}: there is no such file", doing, path);
    case SSH_FX_PERMISSION_DENIED:
      return ConfigError("{} {}: the server refuses it to this user", doing, path);
    default:
      return session_->Failure(fmt::format("{} {}", doing, path));
  }
}

Result<SftpFacts> SftpSession::Stat(const std::string& path) {
  const std::unique_ptr<sftp_attributes_struct, decltype(&sftp_attributes_free)> found(
      sftp_stat(sftp_, path.c_str()), &sftp_attributes_free);
  if (found == nullptr) return Failure("opening", path);
  if (found->type == SSH_FILEXFER_TYPE_DIRECTORY) {
    return ConfigError("{} is a folder: url names one file", path);
  }
  return SftpFacts{static_cast<int64_t>(found->size), static_cast<int64_t>(found->mtime)};
}

Status SftpSession::Open(const std::string& path, int64_t offset) {
  Close();
  file_ = sftp_open(sftp_, path.c_str(), O_RDONLY, 0);
  if (file_ == nullptr) return Failure("opening", path);
  path_ = path;
  ask_at_ = offset;
  ended_ = false;
  return Status::Ok();
}

void SftpSession::Close() {
  if (file_ == nullptr) return;
  if (session_->connected()) Drain();
  sftp_close(file_);
  file_ = nullptr;
  asked_.clear();
  block_.clear();
  taken_ = 0;
}

Status SftpSession::AskAhead() {
  while (asked_.size() < kBlocksAhead) {
    if (sftp_seek64(file_, static_cast<uint64_t>(ask_at_)) < 0) return Failure("reading", path_);
    const int id = sftp_async_read_begin(file_, kBlockBytes);
    if (id < 0) return Failure("reading", path_);
    asked_.push_back({static_cast<uint32_t>(id), ask_at_});
    ask_at_ += kBlockBytes;
  }
  return Status::Ok();
}

void SftpSession::Drain() {
  std::string unused(kBlockBytes, '\0');
  for (const Request& request : asked_) {
    sftp_seek64(file_, 0);  // what has met the end is not asked any more, but its answer comes
    if (sftp_async_read(file_, unused.data(), kBlockBytes, request.id) < 0) break;
  }
  asked_.clear();
}

Result<bool> SftpSession::TakeBlock() {
  MR_RETURN_IF_ERROR(AskAhead());
  const Request request = asked_.front();
  block_.resize(kBlockBytes);
  taken_ = 0;
  const int got = sftp_async_read(file_, block_.data(), kBlockBytes, request.id);
  if (got < 0) {
    block_.clear();
    return Failure("reading", path_);
  }
  asked_.pop_front();
  block_.resize(static_cast<size_t>(got));
  if (got == static_cast<int>(kBlockBytes)) return true;
  // Less than asked for: what follows must be asked for again, unless the file ends here.
  Drain();
  ask_at_ = request.offset + got;
  ended_ = got == 0;
  return !ended_;
}

Result<int64_t> SftpSession::Read(char* out, int64_t size) {
  if (file_ == nullptr) return SystemError("reading an SFTP file that is not open");
  if (size <= 0) return int64_t{0};
  while (taken_ == block_.size() && !ended_) {
    MR_ASSIGN_OR_RETURN(const bool more, TakeBlock());
    if (!more) break;
  }
  const size_t got = std::min(static_cast<size_t>(size), block_.size() - taken_);
  std::memcpy(out, block_.data() + taken_, got);
  taken_ += got;
  return static_cast<int64_t>(got);
}

}  // namespace millrace
