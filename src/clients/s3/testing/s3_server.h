#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "clients/s3/s3_client.h"

namespace millrace {

/// For tests: a real S3 server (SeaweedFS, installed by `scripts/setup.sh tests`), started once per
/// test program and ended with it. MILLRACE_TEST_S3_ENDPOINT, _BUCKET, _KEY and _SECRET name a
/// running one instead. A missing server fails the tests that ask for it.
class S3Server {
 public:
  static S3Server& Get() {
    static S3Server server;
    return server;
  }

  /// An existing bucket, with patience for a busy machine and none for our own mistakes.
  S3Config Config() const {
    S3Config config;
    config.bucket = bucket_;
    config.endpoint = endpoint_;
    config.region = "us-east-1";
    config.credentials = {key_, secret_, ""};
    config.http.retry = {.attempts_max = 4, .first_delay = std::chrono::milliseconds(5)};
    return config;
  }
  const std::string& endpoint() const { return endpoint_; }

  S3Server(const S3Server&) = delete;
  S3Server& operator=(const S3Server&) = delete;

 private:
  S3Server() {
    if (const char* endpoint = std::getenv("MILLRACE_TEST_S3_ENDPOINT")) {
      endpoint_ = endpoint;
      bucket_ = std::getenv("MILLRACE_TEST_S3_BUCKET");
      key_ = std::getenv("MILLRACE_TEST_S3_KEY");
      secret_ = std::getenv("MILLRACE_TEST_S3_SECRET");
      return;
    }
    folder_ =
        std::filesystem::temp_directory_path() / ("millrace-s3-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_ / "data");
    Start();
    WaitUntilReady();
  }

  ~S3Server() {
    if (child_ > 0) {
      ::kill(child_, SIGKILL);
      ::waitpid(child_, nullptr, 0);
    }
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
  }

  /// Held open together, so that all are different; free again when this returns.
  static std::vector<int> FreePorts(size_t count) {
    std::vector<int> sockets, ports;
    for (size_t i = 0; i < count; ++i) {
      sockets.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      socklen_t size = sizeof address;
      ::bind(sockets[i], reinterpret_cast<sockaddr*>(&address), sizeof address);
      ::getsockname(sockets[i], reinterpret_cast<sockaddr*>(&address), &size);
      ports.push_back(ntohs(address.sin_port));
    }
    for (const int socket : sockets) ::close(socket);
    return ports;
  }

  void Start() {
    const auto program =
        std::filesystem::path(MILLRACE_SOURCE_DIR) / ".deps" / "venv" / "bin" / "weed";
    ASSERT_TRUE(std::filesystem::exists(program))
        << program << " is missing: run scripts/setup.sh tests";
    const std::vector<std::string> port_flags = {
        "s3.port",     "s3.port.iceberg",  "s3.port.grpc", "s3.port.lance",
        "master.port", "master.port.grpc", "filer.port",   "filer.port.grpc",
        "volume.port", "volume.port.grpc", "admin.port",   "admin.port.grpc"};
    const auto ports = FreePorts(port_flags.size());
    std::vector<std::string> arguments = {program.string(),
                                          "-logdir=" + folder_.string(),
                                          "mini",
                                          "-dir=" + (folder_ / "data").string(),
                                          "-ip=127.0.0.1",
                                          "-ip.bind=127.0.0.1",
                                          "-admin.ui=false",
                                          "-webdav=false",
                                          "-bucket=" + bucket_};
    for (size_t i = 0; i < ports.size(); ++i) {
      arguments.push_back("-" + port_flags[i] + "=" + std::to_string(ports[i]));
    }
    endpoint_ = "http://127.0.0.1:" + std::to_string(ports[0]);
    std::vector<char*> argv;
    for (auto& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    const std::string log = (folder_ / "log").string();
    child_ = ::fork();
    if (child_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::setenv("AWS_ACCESS_KEY_ID", key_.c_str(), 1);
    ::setenv("AWS_SECRET_ACCESS_KEY", secret_.c_str(), 1);
    const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(out, 1);
    ::dup2(out, 2);
    if (::chdir(folder_.c_str()) == 0) ::execv(argv[0], argv.data());
    ::_exit(127);
  }

  void WaitUntilReady() {
    S3Config config = Config();
    config.http.retry.attempts_max = 1;
    auto client = S3Client::Make(config);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(90);
    std::string last;
    while (std::chrono::steady_clock::now() < deadline &&
           ::waitpid(child_, nullptr, WNOHANG) == 0) {
      const auto written = (*client)->PutObject("ready", "yes");
      if (written.ok()) return;
      last = written.status().ToString();
      ::poll(nullptr, 0, 100);
    }
    std::stringstream log;
    log << std::ifstream(folder_ / "log").rdbuf();
    FAIL() << "the S3 server didn't start: " << last << "\n" << log.str();
  }

  std::filesystem::path folder_;
  pid_t child_ = -1;
  std::string endpoint_;
  std::string bucket_ = "lakehouse";
  std::string key_ = "millrace-test";
  std::string secret_ = "s3-secret-Qe7";
};

}  // namespace millrace
