#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "clients/postgres/copy_messages.h"
#include "clients/postgres/jdbc_params.h"
#include "clients/postgres/pg_connection.h"
#include "clients/postgres/pg_error.h"
#include "clients/postgres/sql_text.h"

namespace millrace {
namespace {

class Collected : public CopySink {
 public:
  Status Consume(const char* data, size_t size) override {
    pieces.emplace_back(data, size);
    return failure;
  }
  std::string All() const {
    std::string all;
    for (const std::string& piece : pieces) all += piece;
    return all;
  }

  std::vector<std::string> pieces;
  Status failure;
};

std::string Message(char type, const std::string& payload) {
  std::string message(1, type);
  const size_t length = payload.size() + 4;
  for (int shift = 24; shift >= 0; shift -= 8) message += static_cast<char>(length >> shift);
  return message + payload;
}

std::string ErrorPayload(const std::string& state, const std::string& text) {
  return std::string("SERROR") + '\0' + "C" + state + '\0' + "M" + text + '\0' + '\0';
}

/// Gives `bytes` in pieces of at most `piece` bytes, as a socket would.
Status Feed(CopyMessages& messages, std::string_view bytes, size_t piece) {
  while (!bytes.empty()) {
    const size_t n = std::min({piece, bytes.size(), messages.free_size()});
    std::memcpy(messages.free_space(), bytes.data(), n);
    MR_RETURN_IF_ERROR(messages.Received(n));
    bytes.remove_prefix(n);
  }
  return Status::Ok();
}

std::string Stream() {
  return Message('H', std::string("\1\0\0", 3)) + Message('d', "one") + Message('d', "") +
         Message('S', std::string("a\0b\0", 4)) + Message('d', "two") + Message('c', "") +
         Message('C', std::string("COPY 2\0", 7)) + Message('Z', "T");
}

TEST(CopyMessages, FindsMessagesHoweverTheBytesArrive) {
  for (const size_t piece : {1, 2, 3, 7, 1000}) {
    Collected sink;
    CopyMessages messages;
    messages.Reset(sink);
    ASSERT_TRUE(Feed(messages, Stream(), piece).ok());
    EXPECT_EQ(sink.pieces, (std::vector<std::string>{"one", "", "two"})) << piece;
    EXPECT_TRUE(messages.done());
    EXPECT_TRUE(messages.complete());
    EXPECT_TRUE(messages.server_error().ok());
  }
}

TEST(CopyMessages, PassesOnARowLargerThanItsBuffer) {
  const std::string row(5'000'000, 'x');
  Collected sink;
  CopyMessages messages;
  messages.Reset(sink);
  ASSERT_TRUE(
      Feed(messages, Message('d', row) + Message('d', "end") + Message('Z', "I"), 1 << 18).ok());
  EXPECT_EQ(sink.All(), row + "end");
  EXPECT_GT(sink.pieces.size(), 2U);
  EXPECT_TRUE(messages.done());
}

TEST(CopyMessages, KeepsTheServersErrorWithItsType) {
  Collected sink;
  CopyMessages messages;
  messages.Reset(sink);
  ASSERT_TRUE(
      Feed(messages,
           Message('E', ErrorPayload("57P01", "terminating connection")) + Message('Z', "I"), 5)
          .ok());
  EXPECT_EQ(messages.server_error().error().type, FailureType::kTransientError);
  EXPECT_EQ(messages.server_error().error().message, "terminating connection");
  EXPECT_EQ(SqlStateOf(messages.server_error()), "57P01");
  EXPECT_FALSE(messages.complete());
}

TEST(CopyMessages, KeepsWhatTheServerSaysWhenItEndsTheSessionAfterwards) {
  const std::string bytes = Stream() + Message('E', ErrorPayload("40001", "in the way"));
  for (const size_t piece : {size_t{1}, bytes.size() - 3, bytes.size()}) {
    Collected sink;
    CopyMessages messages;
    messages.Reset(sink);
    ASSERT_TRUE(Feed(messages, std::string_view(bytes).substr(0, bytes.size() - 1), piece).ok());
    EXPECT_FALSE(messages.done()) << "the rest is not for anybody else";
    ASSERT_TRUE(Feed(messages, bytes.substr(bytes.size() - 1), piece).ok());
    EXPECT_TRUE(messages.done() && messages.complete());
    EXPECT_TRUE(messages.server_error().ok()) << "the COPY itself went well";
    EXPECT_EQ(messages.farewell().error().message, "in the way");
  }
}

TEST(CopyMessages, RefusesWhatIsNotTheProtocol) {
  Collected sink;
  CopyMessages messages;
  messages.Reset(sink);
  EXPECT_FALSE(Feed(messages, std::string("d\0\0\0\3", 5), 5).ok());
  messages.Reset(sink);
  EXPECT_FALSE(Feed(messages, Message('?', ""), 5).ok());
  messages.Reset(sink);
  EXPECT_FALSE(Feed(messages, std::string("E\x7F\xFF\xFF\xFF", 5), 5).ok());
}

TEST(CopyMessages, EndsWithTheSinksFailure) {
  Collected sink;
  sink.failure = Status::StreamStopped();
  CopyMessages messages;
  messages.Reset(sink);
  EXPECT_EQ(Feed(messages, Stream(), 100).code(), StatusCode::kStreamStopped);
}

TEST(PgError, TypesFollowTheSqlState) {
  const std::pair<const char*, FailureType> expected[] = {
      {"28P01", FailureType::kConfigError},    {"3D000", FailureType::kConfigError},
      {"42P01", FailureType::kConfigError},    {"42501", FailureType::kConfigError},
      {"08006", FailureType::kTransientError}, {"40001", FailureType::kTransientError},
      {"53300", FailureType::kTransientError}, {"57P01", FailureType::kTransientError},
      {"57P03", FailureType::kTransientError}, {"XX000", FailureType::kSystemError},
      {"", FailureType::kTransientError}};
  for (const auto& [state, type] : expected) EXPECT_EQ(FailureTypeOfSqlState(state), type) << state;
}

TEST(PgError, ReadsTheSqlStateOutOfARefusedConnection) {
  const Status status = PgConnectError(
      "db:5432/shop",
      "connection to server at \"10.0.0.1\", port 5432 failed: FATAL:  28000: no pg_hba.conf "
      "entry\n"
      "connection to server at \"10.0.0.1\", port 5432 failed: FATAL:  28P01: password "
      "authentication failed for user \"bob\"\nLOCATION:  auth_failed, auth.c:335\n");
  EXPECT_EQ(status.error().type, FailureType::kConfigError);
  EXPECT_EQ(status.error().message,
            "connecting to db:5432/shop: password authentication failed for user \"bob\"");
  const Status refused = PgConnectError("db:1/x",
                                        "connection to server at \"db\" (::1), port 1 failed: "
                                        "Connection refused\n\tIs the server running?\n");
  EXPECT_EQ(refused.error().type, FailureType::kTransientError);
  EXPECT_EQ(refused.error().message, "connecting to db:1/x: Connection refused");
  for (const char* text : {"could not translate host name \"db\"",
                           "connection to server at \"db\" (::1), port 1 failed: could not load "
                           "private key file \"/x\": bad decrypt"}) {
    EXPECT_EQ(PgConnectError("db:1/x", text).error().type, FailureType::kConfigError) << text;
  }
}

TEST(SqlText, QuotesAnything) {
  EXPECT_EQ(QuoteIdentifier("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(QualifiedName("s", "t"), "\"s\".\"t\"");
  EXPECT_EQ(QuoteLiteral("it's"), "'it''s'");
  EXPECT_EQ(QuoteLiteral("a\\'"), " E'a\\\\'''");
}

TEST(JdbcParams, TranslatesWhatLibpqKnows) {
  const auto params = LibpqParamsFromJdbc(
      "connectTimeout=5&prepareThreshold=0&unknown=1&options=-c%20work_mem%3D1MB&"
      "targetServerType=preferSecondary");
  ASSERT_TRUE(params.ok());
  EXPECT_EQ(*params, (std::vector<std::pair<std::string, std::string>>{
                         {"connect_timeout", "5"},
                         {"options", "-c work_mem=1MB"},
                         {"target_session_attrs", "prefer-standby"}}));
  EXPECT_TRUE(LibpqParamsFromJdbc("")->empty());
  EXPECT_FALSE(LibpqParamsFromJdbc("novalue").ok());
  EXPECT_FALSE(LibpqParamsFromJdbc("a=%4").ok());
}

TEST(PgConnection, SaysThatNobodyListens) {
  PgOptions options;
  options.host = "127.0.0.1";
  options.port = 1;
  options.database = "shop";
  options.user = "bob";
  options.password = "never-shown";
  const auto connection = PgConnection::Connect(options);
  ASSERT_FALSE(connection.ok());
  const Error error = connection.status().error();
  EXPECT_EQ(error.type, FailureType::kTransientError);
  EXPECT_EQ(error.message, "connecting to 127.0.0.1:1/shop: Connection refused");
  EXPECT_EQ((error.message + error.internal).find("never-shown"), std::string::npos);
}

}  // namespace
}  // namespace millrace
