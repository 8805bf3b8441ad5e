#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string_view>

#include "base/deadline.h"
#include "base/result.h"
#include "clients/ssh/ssh_options.h"

struct ssh_event_struct;
struct ssh_session_struct;

namespace millrace {

/// A connected and authenticated SSH session: what a tunnel and an SFTP client stand on. One thread
/// at a time, but for Interrupt. A peer that has gone silent is noticed within about a minute.
class SshSession {
 public:
  /// Connects, checks the host's key (see ssh_host_key.h) and logs in, within
  /// `options.connect_timeout`. Config errors: unknown host, changed host key, refused user,
  /// password or key. Transient: nobody answers. kCanceled after a stop.
  static Result<std::unique_ptr<SshSession>> Connect(const SshOptions& options,
                                                     std::stop_token stop = {});
  ~SshSession();
  SshSession(const SshSession&) = delete;
  SshSession& operator=(const SshSession&) = delete;

  /// libssh's own. Its calls return at once (SSH_AGAIN) after SetBlocking(false), and wait after
  /// SetBlocking(true), the state after Connect.
  ssh_session_struct* handle() const { return session_; }
  void SetBlocking(bool blocking);

  /// Waits until libssh has something to do: at most 100 ms.
  void PollBriefly(Deadline deadline = Deadline::Never());

  /// Takes in what the server has sent, without waiting; true: there was something. For owners
  /// that have nothing to read: the server's own requests and its end are noticed by this.
  bool HandlePackets();

  /// Ends every call under way, and all later ones, with an error. From any thread.
  void Interrupt();

  bool connected() const;
  /// A transient error, with libssh's reason: "`doing`: …".
  Status Failure(std::string_view doing) const;

 private:
  explicit SshSession(SshOptions options);

  Status Start(std::stop_token stop);
  /// Repeats `call` (an int-returning libssh call) while it says `again`.
  template <typename Call>
  Result<int> Await(int again, Deadline deadline, const std::stop_token& stop, Call call);
  Status Configure(int fd);
  Status ShakeHands(Deadline deadline, const std::stop_token& stop);
  Status LogIn(Deadline deadline, const std::stop_token& stop);
  Result<int> LogInWithKey(Deadline deadline, const std::stop_token& stop);
  Result<int> LogInWithPassword(Deadline deadline, const std::stop_token& stop);
  Result<int> AnswerPrompts(Deadline deadline, const std::stop_token& stop);

  const SshOptions options_;
  ssh_session_struct* const session_;
  ssh_event_struct* event_ = nullptr;  // made by the first HandlePackets
  int fd_ = -1;                        // given to libssh
  uint64_t inode_ = 0;                 // of fd_
};

}  // namespace millrace
