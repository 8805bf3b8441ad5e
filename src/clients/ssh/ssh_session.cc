#include "clients/ssh/ssh_session.h"

#include <libssh/libssh.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clients/ssh/private_key.h"
#include "clients/ssh/ssh_host_key.h"
#include "clients/ssh/tcp_socket.h"

namespace millrace {
namespace {

/// How often a server may ask, one question after another, before we give up.
constexpr int kPromptRoundsMax = 5;

/// The inode of a socket; 0 when `fd` is none.
uint64_t SocketInode(int fd) {
  struct stat found {};
  return fstat(fd, &found) == 0 && S_ISSOCK(found.st_mode) ? found.st_ino : 0;
}

bool Mentions(std::string_view text, std::string_view what) {
  return text.find(what) != std::string_view::npos;
}

}  // namespace

SshSession::SshSession(SshOptions options) : options_(std::move(options)), session_(ssh_new()) {}

SshSession::~SshSession() {
  if (session_ == nullptr) return;
  ssh_set_blocking(session_, 0);
  if (event_ != nullptr) {
    ssh_event_remove_session(event_, session_);
    ssh_event_free(event_);
  }
  ssh_disconnect(session_);
  ssh_free(session_);
  // libssh closes a socket that it was given only when the server was the one to end. By now the
  // number may be another file's; the inode isn't.
  if (fd_ >= 0 && SocketInode(fd_) == inode_) close(fd_);
}

Result<std::unique_ptr<SshSession>> SshSession::Connect(const SshOptions& options,
                                                        std::stop_token stop) {
  std::unique_ptr<SshSession> session(new SshSession(options));
  if (session->session_ == nullptr) return SystemError("making an SSH session: out of memory");
  const Status started = session->Start(std::move(stop));
  if (!started.ok()) {
    return started.WithContext("connecting to the SSH server " + options.Where());
  }
  session->SetBlocking(true);
  return session;
}

Status SshSession::Start(std::stop_token stop) {
  const Deadline deadline = Deadline::After(options_.connect_timeout);
  MR_ASSIGN_OR_RETURN(TcpSocket socket, ConnectTcp(options_.host, options_.port, deadline, stop));
  MR_RETURN_IF_ERROR(Configure(socket.fd()));
  inode_ = SocketInode(socket.fd());
  fd_ = socket.Release();
  MR_RETURN_IF_ERROR(ShakeHands(deadline, stop));
  MR_RETURN_IF_ERROR(CheckHostKey(session_, options_));
  return LogIn(deadline, stop);
}

Status SshSession::Configure(int fd) {
  const unsigned int port = static_cast<unsigned int>(options_.port);
  const long timeout_s = static_cast<long>(options_.connect_timeout.count());  // NOLINT: libssh's
  // The machine's ssh_config is for its people; a connection is what its configuration says.
  const int process_config = 0;
  const auto set = [this](ssh_options_e option, const void* value) {
    return ssh_options_set(session_, option, value) == SSH_OK;
  };
  const bool done = set(SSH_OPTIONS_PROCESS_CONFIG, &process_config) &&
                    set(SSH_OPTIONS_HOST, options_.host.c_str()) && set(SSH_OPTIONS_PORT, &port) &&
                    set(SSH_OPTIONS_USER, options_.user.c_str()) &&
                    set(SSH_OPTIONS_TIMEOUT, &timeout_s) && set(SSH_OPTIONS_FD, &fd) &&
                    (options_.known_hosts_file.empty() ||
                     (set(SSH_OPTIONS_KNOWNHOSTS, options_.known_hosts_file.c_str()) &&
                      set(SSH_OPTIONS_GLOBAL_KNOWNHOSTS, options_.known_hosts_file.c_str())));
  if (!done) return ConfigError("tunnel_method: {}", ssh_get_error(session_));
  ssh_set_blocking(session_, 0);
  return Status::Ok();
}

template <typename Call>
Result<int> SshSession::Await(int again, Deadline deadline, const std::stop_token& stop,
                              Call call) {
  while (true) {
    if (const int result = call(); result != again) return result;
    if (stop.stop_requested()) return Status::Canceled();
    if (deadline.Passed()) {
      return TransientError("no answer within {} s", options_.connect_timeout.count());
    }
    PollBriefly(deadline);
  }
}

Status SshSession::ShakeHands(Deadline deadline, const std::stop_token& stop) {
  MR_ASSIGN_OR_RETURN(const int result,
                      Await(SSH_AGAIN, deadline, stop, [this] { return ssh_connect(session_); }));
  if (result == SSH_OK) return Status::Ok();
  const std::string_view why = ssh_get_error(session_);
  if (Mentions(why, "no match for method")) {
    return ConfigError("the server and this client share no algorithm: {}", why);
  }
  if (Mentions(why, "banner") || Mentions(why, "rotocol version")) {
    return ConfigError("what listens there does not speak SSH: check the tunnel's host and port");
  }
  return Failure("exchanging keys");
}

Result<int> SshSession::LogInWithKey(Deadline deadline, const std::stop_token& stop) {
  MR_ASSIGN_OR_RETURN(const PrivateKey key, PrivateKeyFromText(options_.private_key));
  return Await(SSH_AUTH_AGAIN, deadline, stop,
               [&] { return ssh_userauth_publickey(session_, nullptr, key.get()); });
}

Result<int> SshSession::LogInWithPassword(Deadline deadline, const std::stop_token& stop) {
  MR_ASSIGN_OR_RETURN(const int result, Await(SSH_AUTH_AGAIN, deadline, stop, [this] {
                        return ssh_userauth_password(session_, nullptr, options_.password.c_str());
                      }));
  const auto offered = static_cast<unsigned>(ssh_userauth_list(session_, nullptr));
  if (result != SSH_AUTH_DENIED || (offered & SSH_AUTH_METHOD_INTERACTIVE) == 0) return result;
  // Some servers take passwords only as the answer to a question.
  return AnswerPrompts(deadline, stop);
}

Result<int> SshSession::AnswerPrompts(Deadline deadline, const std::stop_token& stop) {
  for (int round = 0; round < kPromptRoundsMax; ++round) {
    MR_ASSIGN_OR_RETURN(const int result, Await(SSH_AUTH_AGAIN, deadline, stop, [this] {
                          return ssh_userauth_kbdint(session_, nullptr, nullptr);
                        }));
    if (result != SSH_AUTH_INFO) return result;
    const int prompts = ssh_userauth_kbdint_getnprompts(session_);
    for (int i = 0; i < prompts; ++i) {
      ssh_userauth_kbdint_setanswer(session_, static_cast<unsigned>(i), options_.password.c_str());
    }
  }
  return SSH_AUTH_DENIED;
}

Status SshSession::LogIn(Deadline deadline, const std::stop_token& stop) {
  const bool by_key = !options_.private_key.empty();
  const char* const what = by_key ? "key" : "password";
  // Tells the methods that the server offers; few servers let anybody in this way.
  MR_ASSIGN_OR_RETURN(int result, Await(SSH_AUTH_AGAIN, deadline, stop,
                                        [this] { return ssh_userauth_none(session_, nullptr); }));
  if (result != SSH_AUTH_SUCCESS && result != SSH_AUTH_ERROR) {
    MR_ASSIGN_OR_RETURN(result,
                        by_key ? LogInWithKey(deadline, stop) : LogInWithPassword(deadline, stop));
  }
  switch (result) {
    case SSH_AUTH_SUCCESS:
      return Status::Ok();
    case SSH_AUTH_PARTIAL:
      return ConfigError("the server took the {} and wants a second factor: it can't be given here",
                         what);
    case SSH_AUTH_DENIED:
      return by_key ? ConfigError(
                          "the server refused the key for the user {}: is its public half "
                          "among the user's authorized_keys?",
                          options_.user)
                    : ConfigError("the server refused the password of the user {} (or takes none)",
                                  options_.user);
    default:
      if (Mentions(ssh_get_error(session_), "Too many authentication failures")) {
        return ConfigError("the server refused the {} of the user {}", what, options_.user);
      }
      return Failure("logging in");
  }
}

void SshSession::SetBlocking(bool blocking) { ssh_set_blocking(session_, blocking ? 1 : 0); }

void SshSession::PollBriefly(Deadline deadline) {
  const bool writes = (ssh_get_poll_flags(session_) & SSH_WRITE_PENDING) != 0;
  millrace::PollBriefly(ssh_get_fd(session_), static_cast<short>(POLLIN | (writes ? POLLOUT : 0)),
                        deadline);
}

bool SshSession::HandlePackets() {
  if (event_ == nullptr) {
    event_ = ssh_event_new();
    ssh_event_add_session(event_, session_);
  }
  return ssh_event_dopoll(event_, 0) == SSH_OK;
}

void SshSession::Interrupt() { shutdown(ssh_get_fd(session_), SHUT_RDWR); }

bool SshSession::connected() const { return ssh_is_connected(session_) != 0; }

Status SshSession::Failure(std::string_view doing) const {
  const std::string_view why = ssh_get_error(session_);
  return TransientError("{}: {}", doing, why.empty() ? "the server closed the connection" : why);
}

}  // namespace millrace
