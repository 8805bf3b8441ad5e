// HttpClient against OpenSSL's own server: certificates are verified, always.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "clients/http/http_client.h"
#include "clients/http/testing/scripted_server.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

/// `openssl s_server -WWW` over a folder of its own, with a certificate for "localhost" that it
/// signed itself.
class TlsServer {
 public:
  TlsServer() {
    folder_ = fs::temp_directory_path() / ("millrace-tls-" + std::to_string(::getpid()));
    fs::create_directories(folder_);
    std::ofstream(folder_ / "page.txt") << "secret page";
    const std::string make =
        "cd " + folder_.string() +
        " && openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 "
        "-subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null";
    EXPECT_EQ(std::system(make.c_str()), 0) << "the openssl program is missing";
    {
      ScriptedServer probe([](const auto&, auto&) {});
      port_ = std::to_string(probe.port());
    }
    child_ = ::fork();
    if (child_ != 0) {
      WaitUntilItListens();
      return;
    }
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::chdir(folder_.c_str()) == 0) {
      ::execlp("openssl", "openssl", "s_server", "-accept", port_.c_str(), "-key", "key.pem",
               "-cert", "cert.pem", "-WWW", "-quiet", nullptr);
    }
    ::_exit(127);
  }
  ~TlsServer() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  std::string Url(const std::string& host) const {
    return "https://" + host + ":" + port_ + "/page.txt";
  }
  std::string certificate() const { return (folder_ / "cert.pem").string(); }

 private:
  /// Half a minute at most; a test that then finds nobody says so.
  void WaitUntilItListens() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(std::stoi(port_)));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < 300; ++i) {
      const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      const bool listens =
          ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
      ::close(fd);
      if (listens) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  }

  fs::path folder_;
  std::string port_;
  pid_t child_ = -1;
};

TEST(TlsTest, TrustsOnlyTheGivenAuthorityAndOnlyForItsHost) {
  TlsServer server;
  HttpOptions options;
  options.ca_bundle = server.certificate();
  HttpClient trusting(options);
  const auto page = trusting.Send({.url = server.Url("localhost")});
  ASSERT_TRUE(page.ok()) << page.status().ToString();
  EXPECT_EQ((*page).body, "secret page");

  const auto wrong_host = trusting.Send({.url = server.Url("127.0.0.1")});
  HttpClient strict;
  const auto unknown = strict.Send({.url = server.Url("localhost")});
  options.ca_bundle = "/no/such/file.pem";
  HttpClient mistaken(options);
  const auto no_file = mistaken.Send({.url = server.Url("localhost")});
  for (const Status& status : {wrong_host.status(), unknown.status(), no_file.status()}) {
    ASSERT_TRUE(status.failed());
    EXPECT_EQ(status.error().type, FailureType::kConfigError) << status.ToString();
    EXPECT_NE(status.ToString().find("certificate"), std::string::npos) << status.ToString();
  }

  ::setenv("SSL_CERT_FILE", server.certificate().c_str(), 1);
  EXPECT_TRUE(strict.Send({.url = server.Url("localhost")}).ok());
  ::unsetenv("SSL_CERT_FILE");
}

TEST(TlsTest, AProxysWordsAreNotTheServers) {
  TlsServer server;
  ScriptedServer plain([](const auto&, ScriptedServer::Reply& reply) { reply.Answer(200, "no"); });
  // Answers CONNECT with 200 and then speaks no TLS.
  ::setenv("https_proxy", plain.Url("").c_str(), 1);
  HttpOptions options;
  options.retry.attempts_max = 1;
  HttpClient client(options);
  const auto page = client.Send({.url = server.Url("localhost")});
  ::unsetenv("https_proxy");
  ASSERT_FALSE(page.ok());
  EXPECT_GE(plain.num_requests(), 1) << "the environment's proxy was asked";
}

}  // namespace
}  // namespace millrace
