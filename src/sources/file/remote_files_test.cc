#include <arrow/record_batch.h>
#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>

#include "clients/http/testing/scripted_server.h"
#include "formats/testing/batch_text.h"
#include "sources/file/file_location.h"
#include "sources/file/open_table.h"

namespace millrace {
namespace {

/// Serves one file to GET and HEAD, with or without parts.
ScriptedServer::Script Serve(const std::string& path, const std::string& content, bool ranged,
                             std::atomic<int>* parts) {
  return [=](const ScriptedServer::Request& request, ScriptedServer::Reply& reply) {
    if (request.target.substr(0, request.target.find('?')) != path) return reply.Answer(404);
    std::string headers = "ETag: \"v1\"\r\n";
    if (ranged) headers += "Accept-Ranges: bytes\r\n";
    if (request.method == "HEAD") {
      reply.Send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(content.size()) +
                 "\r\nLast-Modified: Wed, 01 Jan 2025 00:00:00 GMT\r\n" + headers + "\r\n");
      return;
    }
    const auto range = request.headers.find("range");
    if (!ranged || range == request.headers.end()) return reply.Answer(200, content, headers);
    ++*parts;
    const size_t first = std::stoul(range->second.substr(6));
    if (first >= content.size()) return reply.Answer(416);
    size_t last = content.size() - 1;
    if (range->second.back() != '-') {
      last = std::min(
          last, static_cast<size_t>(std::stoul(range->second.substr(range->second.find('-') + 1))));
    }
    reply.Answer(206, content.substr(first, last - first + 1),
                 headers + "Content-Range: bytes " + std::to_string(first) + "-" +
                     std::to_string(last) + "/" + std::to_string(content.size()) + "\r\n");
  };
}

struct Read {
  Status status;
  std::string text;
};

Read ReadAll(const Json& config) {
  const auto parsed = ParseFileConfig(config);
  if (!parsed.ok()) return {parsed.status(), ""};
  const auto input = OpenLocation(*parsed);
  if (!input.ok()) return {input.status(), ""};
  const auto table = OpenFileTable(*parsed, **input);
  if (!table.ok()) return {table.status(), ""};
  Read read;
  read.status = (*table)->Survey({});
  for (int64_t piece = 0; read.status.ok() && piece < (*table)->piece_count(); ++piece) {
    read.status = (*table)->Read(piece, {},
                                 [&](ChangeBatch batch) {
                                   read.text += BatchText(*batch.rows);
                                   return Status::Ok();
                                 },
                                 {});
  }
  return read;
}

Json Config(const std::string& url, Json provider) {
  return Json{{"dataset_name", "d"}, {"format", "csv"}, {"url", url}, {"provider", provider}};
}

TEST(RemoteFiles, ReadsFromAWebServer) {
  for (const bool ranged : {true, false}) {
    std::atomic<int> parts = 0;
    ScriptedServer server(Serve("/a%20b.csv", "a,b\n1,x\n2,y\n", ranged, &parts));
    const Read read = ReadAll(Config(server.Url("/a%20b.csv?token=t"), {{"storage", "HTTPS"}}));
    ASSERT_TRUE(read.status.ok()) << read.status.ToString();
    EXPECT_EQ(read.text, "1|x\n2|y\n");
    EXPECT_EQ(parts > 0, ranged);
  }
}

TEST(RemoteFiles, SaysWhatAWebServerRefused) {
  std::atomic<int> parts = 0;
  ScriptedServer server(Serve("/there.csv", "", true, &parts));
  const Read read = ReadAll(Config(server.Url("/gone.csv?sig=secret"), {{"storage", "HTTPS"}}));
  ASSERT_TRUE(read.status.failed());
  EXPECT_EQ(read.status.error().type, FailureType::kConfigError);
  EXPECT_NE(read.status.ToString().find("gone.csv"), std::string::npos);
  EXPECT_EQ(read.status.ToString().find("secret"), std::string::npos);
}

TEST(RemoteFiles, ReadsFromS3ByPath) {
  std::atomic<int> parts = 0;
  ScriptedServer server(Serve("/lake/raw/a.csv", "a,b\n1,x\n2,y\n", true, &parts));
  const Json provider = {{"storage", "S3"},
                         {"aws_access_key_id", "key-id"},
                         {"aws_secret_access_key", "secret-key"},
                         {"endpoint", server.Url("")}};
  for (const std::string url : {"s3://lake/raw/a.csv", "lake/raw/a.csv"}) {
    const Read read = ReadAll(Config(url, provider));
    ASSERT_TRUE(read.status.ok()) << read.status.ToString();
    EXPECT_EQ(read.text, "1|x\n2|y\n");
  }
  EXPECT_GT(parts, 0);
  const Read gone = ReadAll(Config("s3://lake/raw/b.csv", provider));
  ASSERT_TRUE(gone.status.failed());
  EXPECT_EQ(gone.status.error().type, FailureType::kConfigError);
}

TEST(RemoteFiles, RefusesAddressesThatNameNoFile) {
  for (const std::string url : {"s3://lake", "s3://lake/", "gs://lake/x", "/x"}) {
    EXPECT_TRUE(ReadAll(Config(url, {{"storage", "S3"}})).status.failed()) << url;
  }
  EXPECT_TRUE(ReadAll(Config("ftp://h/x", {{"storage", "HTTPS"}})).status.failed());
  EXPECT_TRUE(ReadAll(Config("c/x", {{"storage", "AzBlob"},
                                     {"storage_account", "a"},
                                     {"sas_token", "tok"},
                                     {"shared_key", "a2V5"}}))
                  .status.failed());
}

}  // namespace
}  // namespace millrace
