#include "clients/http/http_reader.h"

#include <gtest/gtest.h>

#include "clients/http/testing/quick_http.h"
#include "clients/http/testing/scripted_server.h"

namespace millrace {
namespace {

using Request = ScriptedServer::Request;
using Reply = ScriptedServer::Reply;
using std::chrono::milliseconds;

Result<std::string> ReadToEnd(ByteReader& reader) {
  std::string all, piece(10'000, '\0');
  for (;;) {
    MR_ASSIGN_OR_RETURN(const int64_t got, reader.Read(piece.data(), 10'000));
    if (got == 0) return all;
    all.append(piece, 0, static_cast<size_t>(got));
  }
}

HttpSource Source(const std::string& url) {
  return {[url] { return Result<HttpCall>(HttpCall{.url = url}); }, {}};
}

/// Answers ranges of `content`; at most `bytes_max` of each body arrive before the connection ends.
void ServeRange(const std::string& content, const Request& request, Reply& reply, size_t bytes_max,
                bool reset, const std::string& headers = "ETag: \"v1\"\r\n") {
  size_t first = 0;
  const auto range = request.headers.find("range");
  std::string head = "HTTP/1.1 200 OK\r\n";
  if (range != request.headers.end()) {
    first = std::stoul(range->second.substr(6));
    head = "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes " + std::to_string(first) + "-" +
           std::to_string(content.size() - 1) + "/" + std::to_string(content.size()) + "\r\n";
  }
  reply.Send(head + headers + "Content-Length: " + std::to_string(content.size() - first) +
             "\r\n\r\n");
  reply.Send(std::string_view(content).substr(first, bytes_max));
  if (content.size() - first <= bytes_max) return;
  if (reset) {
    reply.Reset();
  } else {
    reply.Close();
  }
}

TEST(HttpReaderTest, GoesOnWhereATransferBroke) {
  const std::string content = VariedContent(3'000'000);
  for (const bool reset : {false, true}) {
    ScriptedServer server([&](const Request& request, Reply& reply) {
      ServeRange(content, request, reply, 700'000, reset);
    });
    HttpClient client(QuickHttp());
    auto reader = HttpReader::Open(client, Source(server.Url()));
    ASSERT_TRUE(reader.ok()) << reader.status().ToString();
    EXPECT_EQ((*reader)->total_size(), 3'000'000);
    const auto read = ReadToEnd(**reader);
    ASSERT_TRUE(read.ok()) << read.status().ToString();
    EXPECT_TRUE(*read == content);
    EXPECT_GE(server.num_requests(), 5);
    char byte;
    EXPECT_EQ(*(*reader)->Read(&byte, 1), 0);
  }
}

TEST(HttpReaderTest, StartsAtAnOffset) {
  const std::string content = VariedContent(100'000);
  ScriptedServer server([&](const Request& request, Reply& reply) {
    if (request.headers.count("range") && request.headers.at("range") == "bytes=100000-") {
      return reply.Answer(416, "", "Content-Range: bytes */100000\r\n");
    }
    ServeRange(content, request, reply, content.size(), false);
  });
  HttpClient client(QuickHttp());
  auto reader = HttpReader::Open(client, Source(server.Url()), 99'990);
  EXPECT_EQ(*ReadToEnd(**reader), content.substr(99'990));
  EXPECT_EQ((*reader)->total_size(), 100'000);
  auto end = HttpReader::Open(client, Source(server.Url()), 100'000);
  EXPECT_EQ(*ReadToEnd(**end), "");
}

TEST(HttpReaderTest, ReadsOnFromAServerWithoutRanges) {
  const std::string content = VariedContent(500'000);
  ScriptedServer server([&](const Request& request, Reply& reply) {
    Request plain = request;
    plain.headers.erase("range");
    ServeRange(content, plain, reply, request.number < 3 ? 200'000 : content.size(), false,
               "Last-Modified: Wed, 21 Oct 2015 07:28:00 GMT\r\n");
  });
  HttpClient client(QuickHttp());
  auto reader = HttpReader::Open(client, Source(server.Url()));
  const auto read = ReadToEnd(**reader);
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_TRUE(*read == content);
}

TEST(HttpReaderTest, NeverMixesTwoVersions) {
  const std::string content = VariedContent(500'000);
  for (const bool with_etag : {true, false}) {
    ScriptedServer server([&](const Request& request, Reply& reply) {
      if (with_etag) {
        return ServeRange(content, request, reply, 200'000, false,
                          "ETag: \"v" + std::to_string(request.number) + "\"\r\n");
      }
      reply.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegin\r\n");
      reply.Close();
    });
    HttpClient client(QuickHttp());
    auto reader = HttpReader::Open(client, Source(server.Url()));
    const auto read = ReadToEnd(**reader);
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.status().error().type, FailureType::kTransientError);
    EXPECT_NE(read.status().ToString().find(with_etag ? "replaced meanwhile" : "still the same"),
              std::string::npos)
        << read.status().ToString();
  }
}

TEST(HttpReaderTest, NeverTakesAShorterVersionForTheEnd) {
  const std::string content = VariedContent(500'000);
  for (const bool with_ranges : {true, false}) {
    ScriptedServer server([&](const Request& request, Reply& reply) {
      if (request.number == 1) return ServeRange(content, request, reply, 200'000, false, "");
      if (with_ranges) return reply.Answer(416, "", "Content-Range: bytes */1000\r\n");
      reply.Send("HTTP/1.1 200 OK\r\n\r\n" + content.substr(0, 1000));
      reply.Close();
    });
    HttpClient client(QuickHttp());
    auto reader = HttpReader::Open(client, Source(server.Url()));
    const auto read = ReadToEnd(**reader);
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.status().error().type, FailureType::kTransientError);
  }
}

TEST(HttpReaderTest, GivesUpWhenNothingMovesAnyMore) {
  const std::string content = VariedContent(500'000);
  ScriptedServer server([&](const Request& request, Reply& reply) {
    if (request.number > 1) return reply.Answer(503, "busy");
    ServeRange(content, request, reply, 100'000, true);
  });
  HttpClient client(QuickHttp());
  auto reader = HttpReader::Open(client, Source(server.Url("/f?sig=s3cr3t")));
  const auto read = ReadToEnd(**reader);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.status().error().type, FailureType::kTransientError);
  EXPECT_EQ(read.status().ToString().find("s3cr3t"), std::string::npos);
  EXPECT_LE(server.num_requests(), 1 + 4);
}

TEST(HttpReaderTest, ExplainsARefusal) {
  ScriptedServer server([](const Request& request, Reply& reply) {
    reply.Answer(std::stoi(request.target.substr(1)), "details");
  });
  HttpClient client(QuickHttp());
  const auto missing = HttpReader::Open(client, Source(server.Url("/404")));
  EXPECT_EQ(missing.status().error().type, FailureType::kConfigError);
  EXPECT_NE(missing.status().ToString().find("answered 404; check the address"), std::string::npos);
  EXPECT_EQ(missing.status().error().internal, "details");
  const auto denied = HttpReader::Open(client, Source(server.Url("/403")));
  EXPECT_NE(denied.status().ToString().find("check the credentials"), std::string::npos);
  EXPECT_EQ(server.num_requests(), 2);
}

TEST(HttpReaderTest, WaitsForAReaderThatIsSlowWithoutHoldingMore) {
  const std::string content = VariedContent(8'000'000);
  ScriptedServer server([&](const Request& request, Reply& reply) {
    ServeRange(content, request, reply, content.size(), false);
  });
  HttpOptions options = QuickHttp();
  options.stall = milliseconds(1000);
  HttpClient client(options);
  auto reader = HttpReader::Open(client, Source(server.Url()));
  std::string read(1'000'000, '\0');
  ASSERT_GT(*(*reader)->Read(read.data(), 10), 0);
  // Longer than the stall deadline, which counts only while someone waits for bytes.
  std::this_thread::sleep_for(milliseconds(1500));
  const auto rest = ReadToEnd(**reader);
  ASSERT_TRUE(rest.ok()) << rest.status().ToString();
  EXPECT_EQ((*rest).size(), content.size() - 10);
  EXPECT_EQ(server.num_requests(), 1);
}

}  // namespace
}  // namespace millrace
