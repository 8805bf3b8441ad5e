#include "cli/attempt/connect_guard.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <unistd.h>

#include <cerrno>

#include "clients/http/http_client.h"
#include "clients/postgres/pg_connection.h"

namespace millrace {
namespace {

using ::testing::HasSubstr;

struct Address {
  explicit Address(const std::string& text, int port = 9) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
    if (inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
      v4->sin_family = AF_INET;
      v4->sin_port = htons(static_cast<uint16_t>(port));
      size = sizeof(sockaddr_in);
    } else {
      EXPECT_EQ(inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr), 1) << text;
      v6->sin6_family = AF_INET6;
      v6->sin6_port = htons(static_cast<uint16_t>(port));
      size = sizeof(sockaddr_in6);
    }
  }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }

  sockaddr_storage storage{};
  socklen_t size = 0;
};

class ConnectGuardTest : public ::testing::Test {
 protected:
  ConnectGuardTest() { RefuseLinkLocalConnections(true); }
  ~ConnectGuardTest() override { RefuseLinkLocalConnections(false); }
};

TEST(ConnectGuard, KnowsLinkLocalAndMetadataAddresses) {
  for (const char* text : {"169.254.169.254", "169.254.0.1", "169.254.255.255", "fe80::1",
                           "febf::1", "fd00:ec2::254", "fd20:ce::254", "::ffff:169.254.169.254",
                           "64:ff9b::169.254.169.254", "100.100.100.200", "168.63.129.16"}) {
    const Address address(text);
    EXPECT_TRUE(IsLinkLocal(address.get(), address.size)) << text;
  }
  for (const char* text :
       {"169.253.255.255", "169.255.0.0", "10.0.0.1", "127.0.0.1", "8.8.8.8", "::1", "fec0::1",
        "fd00:ec2::253", "2001:db8::a9fe:a9fe", "100.100.100.201", "::ffff:127.0.0.1"}) {
    const Address address(text);
    EXPECT_FALSE(IsLinkLocal(address.get(), address.size)) << text;
  }
}

TEST_F(ConnectGuardTest, RefusesAtTheSystemCallAndLetsOthersThrough) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const Address metadata("169.254.169.254", 80);
  EXPECT_EQ(::connect(fd, metadata.get(), metadata.size), -1);
  EXPECT_EQ(errno, EACCES);
  const int listening = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  Address here("127.0.0.1", 0);
  ASSERT_EQ(::bind(listening, here.get(), here.size), 0);
  ASSERT_EQ(::listen(listening, 1), 0);
  ::getsockname(listening, reinterpret_cast<sockaddr*>(&here.storage), &here.size);
  const int through = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(::connect(through, here.get(), here.size), 0);
  for (const int opened : {fd, listening, through}) ::close(opened);
}

TEST_F(ConnectGuardTest, LibrariesPassItTooAndSayWhy) {
  HttpClient http;
  HttpCall request;
  request.url = "http://169.254.169.254/latest/meta-data/";
  const auto reply = http.Send(request);
  ASSERT_TRUE(reply.status().failed());
  EXPECT_EQ(reply.status().error().type, FailureType::kConfigError);
  EXPECT_THAT(reply.status().ToString(), HasSubstr("169.254.169.254 is a link-local address"));

  PgOptions postgres;
  postgres.host = "169.254.169.254";
  postgres.user = "reader";
  const auto connected = PgConnection::Connect(postgres, {});
  ASSERT_TRUE(connected.status().failed());
  EXPECT_THAT(connected.status().ToString(), HasSubstr("169.254.169.254 is a link-local address"));
}

}  // namespace
}  // namespace millrace
