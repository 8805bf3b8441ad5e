#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include <cstdio>
#include <filesystem>

#include "server/http/http_server.h"
#include "server/http/testing/bare_peer.h"

namespace millrace {
namespace {

/// A fresh key and a certificate that it signed itself, as files.
class OwnCertificate {
 public:
  OwnCertificate() {
    std::string pattern = std::filesystem::temp_directory_path() / "millrace_tls_XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    EXPECT_NE(X509_sign(certificate, key, EVP_sha256()), 0);
    FILE* file = std::fopen(key_file().c_str(), "w");
    EXPECT_EQ(PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr), 1);
    std::fclose(file);
    file = std::fopen(file_name().c_str(), "w");
    EXPECT_EQ(PEM_write_X509(file, certificate), 1);
    std::fclose(file);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  ~OwnCertificate() { std::filesystem::remove_all(folder_); }
  OwnCertificate(const OwnCertificate&) = delete;
  OwnCertificate& operator=(const OwnCertificate&) = delete;

  std::string file_name() const { return folder_ / "certificate.pem"; }
  std::string key_file() const { return folder_ / "key.pem"; }

 private:
  std::filesystem::path folder_;
};

/// A client inside TLS that trusts anybody.
class TlsPeer {
 public:
  explicit TlsPeer(const std::string& address)
      : peer_(address), context_(SSL_CTX_new(TLS_client_method())), tls_(SSL_new(context_)) {
    SSL_set_fd(tls_, peer_.descriptor());
    shaken_ = SSL_connect(tls_) == 1;
  }
  ~TlsPeer() {
    SSL_free(tls_);
    SSL_CTX_free(context_);
  }
  TlsPeer(const TlsPeer&) = delete;
  TlsPeer& operator=(const TlsPeer&) = delete;

  bool shaken() const { return shaken_; }
  void Send(std::string_view text) {
    EXPECT_EQ(SSL_write(tls_, text.data(), static_cast<int>(text.size())),
              static_cast<int>(text.size()));
  }
  /// Until the server says that it closes; `orderly` whether it did.
  std::string ReceiveAll(bool* orderly) {
    std::string text;
    char piece[4096];
    int got = 0;
    while ((got = SSL_read(tls_, piece, sizeof piece)) > 0) {
      text.append(piece, static_cast<size_t>(got));
    }
    *orderly = SSL_get_error(tls_, got) == SSL_ERROR_ZERO_RETURN;
    return text;
  }

 private:
  BarePeer peer_;
  SSL_CTX* context_;
  SSL* tls_;
  bool shaken_ = false;
};

class HttpTlsTest : public testing::Test {
 protected:
  void Start(HttpServer::Handler handler) {
    options_.listen = {"127.0.0.1:0"};
    options_.tls_certificate_file = certificate_.file_name();
    options_.tls_key_file = certificate_.key_file();
    auto started = HttpServer::Start(options_, std::move(handler));
    ASSERT_TRUE(started.ok()) << started.status().ToString();
    server_ = std::move(*started);
  }
  std::string address() const { return server_->addresses().at(0); }

  OwnCertificate certificate_;
  HttpServer::Options options_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpTlsTest, AnswersPipelinedRequestsLargeRepliesAndPieces) {
  const std::string large(5 << 20, 'x');
  Start([&](const HttpRequest& request) {
    HttpResponse response{200, "text/plain", request.secure ? "secure" : "plain", {}};
    if (request.path.at(0) == "large") response.body = large;
    if (request.path.at(0) == "pieces") {
      response.next_piece = [] { return HttpPiece{"the end", true, {}}; };
    }
    return response;
  });
  TlsPeer peer(address());
  ASSERT_TRUE(peer.shaken());
  peer.Send(
      "POST /one HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
      "GET /large HTTP/1.1\r\nHost: h\r\n\r\n"
      "GET /pieces HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  bool orderly = false;
  const std::string replies = peer.ReceiveAll(&orderly);
  EXPECT_TRUE(orderly);
  EXPECT_NE(replies.find("\r\n\r\nsecureHTTP/1.1 200 OK\r\n"), std::string::npos);
  EXPECT_NE(replies.find("\r\n\r\n" + large + "HTTP/1.1 200 OK\r\n"), std::string::npos);
  EXPECT_TRUE(replies.ends_with("6\r\nsecure\r\n7\r\nthe end\r\n0\r\n\r\n"));
}

TEST_F(HttpTlsTest, PeersThatSpeakNoTlsAreClosedAndHoldNobodyUp) {
  options_.idle_limit = std::chrono::seconds(1);
  Start([](const HttpRequest&) { return HttpResponse{200, "text/plain", "here", {}}; });
  BarePeer plain(address());
  plain.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(plain.Receive().find("here"), std::string::npos);
  BarePeer silent(address());
  TlsPeer peer(address());
  ASSERT_TRUE(peer.shaken());
  peer.Send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  bool orderly = false;
  EXPECT_TRUE(peer.ReceiveAll(&orderly).ends_with("here"));
  EXPECT_EQ(silent.Receive(), "");  // closed when the limit passed
}

TEST_F(HttpTlsTest, SaysWhichFileIsWrong) {
  options_.listen = {"127.0.0.1:0"};
  options_.tls_certificate_file = "/nowhere/certificate.pem";
  options_.tls_key_file = certificate_.key_file();
  const auto no_certificate = HttpServer::Start(options_, nullptr);
  ASSERT_FALSE(no_certificate.ok());
  EXPECT_NE(no_certificate.status().ToString().find("/nowhere/certificate.pem"), std::string::npos);
  options_.tls_certificate_file = certificate_.file_name();
  options_.tls_key_file = "/nowhere/key.pem";
  const auto no_key = HttpServer::Start(options_, nullptr);
  ASSERT_FALSE(no_key.ok());
  EXPECT_NE(no_key.status().ToString().find("/nowhere/key.pem"), std::string::npos);
}

}  // namespace
}  // namespace millrace
