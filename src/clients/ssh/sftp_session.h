#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "clients/ssh/ssh_options.h"
#include "clients/ssh/ssh_session.h"

struct sftp_file_struct;
struct sftp_session_struct;

namespace millrace {

/// What an SFTP server says of a file.
struct SftpFacts {
  int64_t size = 0;
  int64_t modified_s = 0;  ///< since 1970
};

/// SFTP over an SSH session of its own: reads files, several one after the other. One thread. After
/// a transient error it is of no more use.
class SftpSession {
 public:
  /// As SshSession::Connect; a config error, too, when the server has no SFTP.
  static Result<std::unique_ptr<SftpSession>> Connect(const SshOptions& options);
  ~SftpSession();

  /// Config errors: there is no such file, it is a folder, it may not be read.
  Result<SftpFacts> Stat(const std::string& path);

  /// Opens a file to be read from `offset` on; the one open before is closed.
  Status Open(const std::string& path, int64_t offset);
  /// Up to `size` bytes; 0 at the file's end. Asks for some blocks ahead of what is read.
  Result<int64_t> Read(char* out, int64_t size);
  void Close();

 private:
  /// A block that was asked for.
  struct Request {
    uint32_t id = 0;
    int64_t offset = 0;
  };

  explicit SftpSession(std::unique_ptr<SshSession> session) : session_(std::move(session)) {}

  Status Failure(std::string_view doing, const std::string& path) const;
  /// Asks until enough is on its way.
  Status AskAhead();
  /// Takes in the next block; false at the file's end.
  Result<bool> TakeBlock();
  /// Forgets what is on its way.
  void Drain();

  const std::unique_ptr<SshSession> session_;
  sftp_session_struct* sftp_ = nullptr;
  sftp_file_struct* file_ = nullptr;
  std::string path_;
  std::deque<Request> asked_;
  int64_t ask_at_ = 0;  // where the next request begins
  std::string block_;   // received
  size_t taken_ = 0;    // of block_
  bool ended_ = false;
};

}  // namespace millrace
