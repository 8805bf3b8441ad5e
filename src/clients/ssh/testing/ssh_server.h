#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/deadline.h"
#include "base/file_io.h"
#include "clients/ssh/ssh_options.h"
#include "clients/ssh/tcp_socket.h"

namespace millrace {

/// For tests: a real OpenSSH server of its own on a free loopback port, gone with this object. Its
/// only user is `tunnel` (with this process's uid), made up by nss_wrapper, so that the machine's
/// accounts are not touched. Log-in by kPassword or by the keys of Key().
class SshServer {
 public:
  static constexpr const char* kPassword = "secret-of-the-tunnel";

  /// `config`: lines of sshd_config, which come before our own and so win. Null when the programs
  /// are not there.
  static std::unique_ptr<SshServer> Start(const std::string& config = "") {
    std::unique_ptr<SshServer> server(new SshServer);
    return server->Launch(config) ? std::move(server) : nullptr;
  }

  ~SshServer() {
    Stop();
    std::error_code code;
    std::filesystem::remove_all(folder_, code);
  }

  /// Ends the server and every session, as a crash would.
  void Stop() {
    if (process_ <= 0) return;
    EndTree(process_);
    waitpid(process_, nullptr, 0);
    process_ = -1;
  }

  int port() const { return port_; }
  std::string folder() const { return folder_; }

  SshOptions WithPassword() const {
    SshOptions options;
    options.host = "127.0.0.1";
    options.port = port_;
    options.user = "tunnel";
    options.password = kPassword;
    options.known_hosts_file = "/dev/null";
    return options;
  }
  /// `file`: ed25519, rsa, rsa_pem (accepted); stranger, with_passphrase.
  SshOptions WithKey(const std::string& file) const {
    SshOptions options = WithPassword();
    options.password.clear();
    options.private_key = Read(file);
    return options;
  }
  std::string Read(const std::string& file) const {
    const auto text = ReadFile(folder_ / file);
    return text.ok() ? *text : "";
  }

 private:
  SshServer() = default;

  /// Sessions are in process groups of their own.
  static void EndTree(pid_t process) {
    const std::string id = std::to_string(process);
    std::ifstream list("/proc/" + id + "/task/" + id + "/children");
    std::vector<pid_t> children;  // all of them before their parent is gone
    for (pid_t child; list >> child;) children.push_back(child);
    kill(process, SIGKILL);
    for (const pid_t child : children) EndTree(child);
  }

  bool Shell(const std::string& command) const {
    return std::system(
               ("cd " + folder_.string() + " && { " + command + "; } >>log 2>&1").c_str()) == 0;
  }

  bool Launch(const std::string& config) {
    std::string name = std::filesystem::temp_directory_path() / "millrace-sshd-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) return false;
    folder_ = name;
    {
      TcpSocket probe = *ListenOnLoopback(&port_);  // a free port of this moment
    }
    const std::string uid = std::to_string(geteuid()), gid = std::to_string(getegid());
    std::ofstream(folder_ / "passwd")
        << "tunnel:x:" << uid << ":" << gid << ":t:" << folder_.string() << ":/bin/sh\n"
        << "sshd:x:65534:65534:s:/run/sshd:/usr/sbin/nologin\n";
    std::ofstream(folder_ / "group") << "tunnel:x:" << gid << ":\n";
    std::ofstream(folder_ / "conf")
        << config << "\nListenAddress 127.0.0.1:" << port_ << "\nHostKey " << name << "/host\n"
        << "AuthorizedKeysFile " << name << "/authorized\nUsePAM no\nStrictModes no\n"
        << "PermitRootLogin yes\nPasswordAuthentication yes\nPidFile none\n"
        << "Subsystem sftp internal-sftp\nMaxStartups 100\n";
    if (!Shell("for k in host ed25519 stranger; do ssh-keygen -q -t ed25519 -N '' -f $k; done; "
               "ssh-keygen -q -t rsa -b 2048 -N '' -f rsa; cp rsa rsa_pem; "
               "ssh-keygen -q -p -m PEM -P '' -N '' -f rsa_pem; cp ed25519 with_passphrase; "
               "ssh-keygen -q -p -P '' -N pass -f with_passphrase; "
               "cat ed25519.pub rsa.pub > authorized; "
               "echo tunnel:$(openssl passwd -6 " +
               std::string(kPassword) +
               "):19000:0:99999:7::: > shadow; "
               "[ $(id -u) != 0 ] || mkdir -p /run/sshd")) {
      return false;
    }
    process_ = fork();
    if (process_ == 0) Exec();
    const Deadline deadline = Deadline::After(std::chrono::seconds(20));
    while (!ConnectTcp("127.0.0.1", port_, deadline, {}).ok()) {
      if (deadline.Passed() || waitpid(process_, nullptr, WNOHANG) != 0) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return true;
  }

  [[noreturn]] void Exec() const {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (chdir(folder_.c_str()) != 0) _exit(125);
    const int log = open("log", O_WRONLY | O_APPEND | O_CREAT, 0600);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    for (const char* file : {"passwd", "group", "shadow"}) {
      std::string variable = std::string("NSS_WRAPPER_") + file;
      for (char& c : variable) c = static_cast<char>(toupper(c));
      setenv(variable.c_str(), (folder_ / file).c_str(), 1);
    }
    setenv("LD_PRELOAD", "libnss_wrapper.so", 1);
    execl("/usr/sbin/sshd", "/usr/sbin/sshd", "-D", "-e", "-f", (folder_ / "conf").c_str(),
          static_cast<char*>(nullptr));
    _exit(127);
  }

  std::filesystem::path folder_;
  int port_ = 0;
  pid_t process_ = -1;
};

}  // namespace millrace
