#include "clients/postgres/testing/temporary_server.h"

#include <arpa/inet.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "base/deadline.h"
#include "base/file_io.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

constexpr const char* kConfig = R"(
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = off
full_page_writes = off
shared_buffers = 32MB
max_connections = 40
ssl = on
ssl_cert_file = 'server.crt'
ssl_key_file = 'server.key'
ssl_ca_file = 'ca.crt'
)";

constexpr const char* kAccess = R"(
hostssl   all cert_only 127.0.0.1/32 cert
hostssl   all tls_only  127.0.0.1/32 scram-sha-256
hostnossl all tls_only  127.0.0.1/32 reject
host      all all       127.0.0.1/32 scram-sha-256
)";

/// A free port of this moment.
int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  const bool bound = bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                     getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  close(fd);
  return bound ? ntohs(address.sin_port) : 0;
}

/// Becomes the unprivileged user when this is root: PostgreSQL refuses to run as root.
void DropRoot() {
  if (geteuid() != 0) return;
  const passwd* const user = getpwnam("postgres");
  if (user == nullptr || setgroups(0, nullptr) != 0 || setgid(user->pw_gid) != 0 ||
      setuid(user->pw_uid) != 0) {
    _exit(126);
  }
}

/// Starts a program in `folder` with its output in `log`; -1 when it can't be.
pid_t Spawn(const std::vector<std::string>& command, const fs::path& folder, const char* log) {
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const std::string log_path = folder / log;
  const pid_t child = fork();
  if (child != 0) return child;
  DropRoot();
  prctl(PR_SET_PDEATHSIG, SIGQUIT);  // a test that crashes leaves no server
  if (chdir(folder.c_str()) != 0 || freopen(log_path.c_str(), "a", stdout) == nullptr) _exit(125);
  dup2(STDOUT_FILENO, STDERR_FILENO);
  execv(argv[0], argv.data());
  _exit(127);
}

Status Run(const std::vector<std::string>& command, const fs::path& folder) {
  const pid_t child = Spawn(command, folder, "setup.log");
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
    return SystemError("{} failed: {}", command[0],
                       ReadFile(folder / "setup.log").ok() ? *ReadFile(folder / "setup.log") : "");
  }
  return Status::Ok();
}

fs::path FindPrograms() {
  if (const char* given = std::getenv("PGBIN")) return given;
  fs::path newest;
  std::error_code code;
  for (const auto& version : fs::directory_iterator("/usr/lib/postgresql", code)) {
    const fs::path programs = version.path() / "bin";
    if (fs::exists(programs / "initdb") && programs > newest) newest = programs;
  }
  return newest;
}

}  // namespace

Result<std::unique_ptr<TemporaryServer>> TemporaryServer::Start() {
  std::string name = fs::temp_directory_path() / "millrace-server-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) return ErrnoError(errno, "making a temporary folder");
  std::unique_ptr<TemporaryServer> server(new TemporaryServer(name));
  server->programs_ = FindPrograms();
  if (server->programs_.empty()) {
    return SystemError("no PostgreSQL server below /usr/lib/postgresql: apt install postgresql");
  }
  if (const passwd* user = getpwnam("postgres"); geteuid() == 0 && user != nullptr) {
    if (chown(name.c_str(), user->pw_uid, user->pw_gid) != 0) {
      return ErrnoError(errno, "giving " + name + " to postgres");
    }
  }
  MR_RETURN_IF_ERROR(server->MakeCluster());
  MR_RETURN_IF_ERROR(server->Launch());
  return server;
}

Status TemporaryServer::MakeCertificates() {
  const std::string data = folder_ / "data";
  const auto openssl = [&](const std::string& arguments) {
    return Run({"/bin/sh", "-c", "umask 077; cd " + data + " && openssl " + arguments}, folder_);
  };
  const char* const key = " -newkey rsa:2048 -nodes -days 2 -subj ";
  for (const std::string ca : {"ca", "other_ca"}) {
    MR_RETURN_IF_ERROR(
        openssl(fmt::format("req -x509{}/CN={} -keyout {}.key -out {}.crt", key, ca, ca, ca)));
  }
  const std::pair<const char*, const char*> signed_ones[] = {
      {"server", "subjectAltName=DNS:localhost"}, {"client", "extendedKeyUsage=clientAuth"}};
  for (const auto& [file, extension] : signed_ones) {
    const char* const subject = std::string(file) == "client" ? "cert_only" : "localhost";
    MR_RETURN_IF_ERROR(
        openssl(fmt::format("req{}/CN={} -keyout {}.key -out {}.csr", key, subject, file, file)));
    MR_RETURN_IF_ERROR(openssl(
        fmt::format("version >/dev/null; echo {} > {}.ext; openssl x509 -req -in {}.csr -CA ca.crt "
                    "-CAkey ca.key -CAcreateserial -days 2 -extfile {}.ext -out {}.crt",
                    extension, file, file, file, file)));
  }
  return Status::Ok();
}

Status TemporaryServer::MakeCluster() {
  MR_RETURN_IF_ERROR(Run({"/bin/sh", "-c", fmt::format("echo {} > password", kPassword)}, folder_));
  MR_RETURN_IF_ERROR(
      Run({programs_ / "initdb", "-D", folder_ / "data", "-U", "admin", "-A", "scram-sha-256",
           "--pwfile=password", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"},
          folder_));
  MR_RETURN_IF_ERROR(MakeCertificates());
  std::ofstream(folder_ / "data" / "postgresql.conf", std::ios::app) << kConfig;
  std::ofstream(folder_ / "data" / "pg_hba.conf") << kAccess;
  return Status::Ok();
}

Status TemporaryServer::Launch() {
  port_ = FreePort();
  process_ = Spawn({programs_ / "postgres", "-D", folder_ / "data", "-p", std::to_string(port_)},
                   folder_, "server.log");
  PgOptions options = this->options();
  options.database = "postgres";
  const Deadline deadline = Deadline::After(std::chrono::seconds(30));
  while (true) {
    const auto connection = PgConnection::Connect(options);
    if (connection.ok()) {
      MR_RETURN_IF_ERROR((*connection)
                             ->Execute(fmt::format("CREATE ROLE reader LOGIN PASSWORD '{0}'; "
                                                   "CREATE ROLE tls_only LOGIN PASSWORD '{0}'; "
                                                   "CREATE ROLE cert_only LOGIN",
                                                   kPassword)));
      return (*connection)->Execute("CREATE DATABASE shop");
    }
    if (deadline.Passed() || waitpid(process_, nullptr, WNOHANG) != 0) {
      return connection.status().WithContext("starting the test's server in " + folder_.string());
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

TemporaryServer::~TemporaryServer() {
  if (process_ > 0) {
    kill(process_, SIGQUIT);
    waitpid(process_, nullptr, 0);
  }
  std::error_code code;
  fs::remove_all(folder_, code);
}

PgOptions TemporaryServer::options() const {
  PgOptions options;
  options.host = "127.0.0.1";
  options.port = port_;
  options.database = "shop";
  options.user = "admin";
  options.password = kPassword;
  return options;
}

std::string TemporaryServer::Pem(const std::string& file) const {
  const auto text = ReadFile(folder_ / "data" / file);
  return text.ok() ? *text : "";
}

}  // namespace millrace
