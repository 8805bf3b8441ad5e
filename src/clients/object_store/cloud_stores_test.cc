// The stores of Google and Azure against emulators, which `make test` doesn't have: they need Go
// and npm. MILLRACE_TEST_GCS_ENDPOINT (fake-gcs-server, bucket "millrace") and
// MILLRACE_TEST_AZURE_ENDPOINT (azurite, container "millrace") name running ones.

#include "clients/object_store/cloud_stores.h"

#include <arrow/filesystem/azurefs.h>
#include <arrow/io/interfaces.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <atomic>
#include <cstdlib>
#include <map>

#include "clients/http/http_client.h"
#include "clients/http/testing/scripted_server.h"
#include "clients/s3/sigv4.h"

namespace millrace {
namespace {

// Azurite's account, the same everywhere.
constexpr const char* kAccount = "devstoreaccount1";
constexpr const char* kKey =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// Holds for both: a store with "dir/numbers.txt" (20 MB of numbered lines), "dir/a b+%.txt" and
/// "other.txt".
void ReadsWhatIsThere(ObjectStore& store, const std::string& numbers) {
  const auto listed = store.List("dir/");
  ASSERT_TRUE(listed.ok()) << listed.status().ToString();
  ASSERT_EQ((*listed).size(), 2u);
  EXPECT_EQ((*listed)[0].key, "dir/a b+%.txt");
  EXPECT_EQ((*listed)[1].key, "dir/numbers.txt");
  EXPECT_EQ((*listed)[1].size, static_cast<int64_t>(numbers.size()));
  EXPECT_EQ((*store.List("dir/n")).size(), 1u);
  EXPECT_EQ((*store.List("")).size(), 3u);
  EXPECT_TRUE((*store.List("nothing/")).empty());
  const auto head = store.Head("other.txt");
  ASSERT_TRUE(head.ok()) << head.status().ToString();
  EXPECT_EQ((*head)->size, 5);
  EXPECT_EQ(*store.Head("missing"), nullptr);
  EXPECT_EQ(*store.Head("dir"), nullptr);
  for (const int64_t offset : {int64_t{0}, int64_t{12'345'678}}) {
    auto reader = store.OpenReader("dir/numbers.txt", offset);
    ASSERT_TRUE(reader.ok()) << reader.status().ToString();
    std::string all, piece(1'000'000, '\0');
    for (int64_t got = 1; got > 0;) {
      const auto read = (*reader)->Read(piece.data(), 1'000'000);
      ASSERT_TRUE(read.ok()) << read.status().ToString();
      all.append(piece, 0, static_cast<size_t>(got = *read));
    }
    EXPECT_TRUE(all == numbers.substr(static_cast<size_t>(offset)));
  }
  EXPECT_EQ(*store.ReadRange("other.txt", 1, 3), "the");
  EXPECT_EQ(*store.ReadRange("other.txt", 3, 100), "er");
  const auto missing = store.OpenReader("missing");
  EXPECT_EQ(missing.status().error().type, FailureType::kConfigError);
  EXPECT_NE(missing.status().ToString().find("there is no such object"), std::string::npos)
      << missing.status().ToString() << missing.status().error().internal;
}

std::string Numbers() {
  std::string text;
  for (int i = 0; text.size() < 20'000'000; ++i) text += std::to_string(i) + "\n";
  return text;
}

TEST(GcsStoreTest, ReadsFromAnEmulator) {
  const std::string endpoint = Environment("MILLRACE_TEST_GCS_ENDPOINT");
  if (endpoint.empty()) {
    GTEST_SKIP() << "no fake-gcs-server: set MILLRACE_TEST_GCS_ENDPOINT to run this test";
  }
  HttpClient http;
  const HttpHeaders json = {{"Content-Type", "application/json"}};
  (void)http.Send({.method = "POST",
                   .url = endpoint + "/storage/v1/b?project=p",
                   .headers = json,
                   .body = "{\"name\": \"millrace\"}"});
  const auto upload = [&](const std::string& escaped_name, std::string_view body) {
    const auto done = http.Send(
        {.method = "POST",
         .url = endpoint + "/upload/storage/v1/b/millrace/o?uploadType=media&name=" + escaped_name,
         .body = body});
    ASSERT_EQ((*done).head.status, 200);
  };
  const std::string numbers = Numbers();
  upload("dir%2Fnumbers.txt", numbers);
  upload("dir%2Fa%20b%2B%25.txt", "blank");
  upload("other.txt", "other");
  const auto store = MakeGcsStore({"millrace", "", endpoint});
  ASSERT_TRUE(store.ok());
  EXPECT_EQ((*store)->Name(), "gs://millrace");
  ReadsWhatIsThere(**store, numbers);
  const auto missing = MakeGcsStore({"no-such-bucket", "", endpoint});
  const auto listed = (*missing)->List("");
  ASSERT_FALSE(listed.ok());
  EXPECT_EQ(listed.status().error().type, FailureType::kConfigError) << listed.status().ToString();
}

std::string HmacBase64(const std::string& key_base64, const std::string& text) {
  unsigned char key[200], digest[EVP_MAX_MD_SIZE], encoded[200];
  // A 64-byte key: its text ends in "==", which EVP_DecodeBlock turns into two zero bytes.
  EVP_DecodeBlock(key, reinterpret_cast<const unsigned char*>(key_base64.data()),
                  static_cast<int>(key_base64.size()));
  unsigned int size = 0;
  HMAC(EVP_sha256(), key, 64, reinterpret_cast<const unsigned char*>(text.data()), text.size(),
       digest, &size);
  const int length = EVP_EncodeBlock(encoded, digest, static_cast<int>(size));
  return {reinterpret_cast<const char*>(encoded), static_cast<size_t>(length)};
}

/// An account SAS that may read and list until 2099.
std::string SasToken() {
  const std::string signature =
      HmacBase64(kKey, std::string(kAccount) +
                           "\nrl\nb\nsco\n\n2099-01-01T00:00:00Z\n\nhttps,http\n2019-12-12\n");
  return "sv=2019-12-12&ss=b&srt=sco&sp=rl&se=2099-01-01T00%3A00%3A00Z&spr=https,http&sig=" +
         UriEncode(signature);
}

TEST(AzureStoreTest, ReadsFromAnEmulator) {
  const std::string endpoint = Environment("MILLRACE_TEST_AZURE_ENDPOINT");
  if (endpoint.empty()) {
    GTEST_SKIP() << "no azurite: set MILLRACE_TEST_AZURE_ENDPOINT to run this test";
  }
  const std::string numbers = Numbers();
  {
    arrow::fs::AzureOptions options;
    options.account_name = kAccount;
    options.blob_storage_scheme = options.dfs_storage_scheme = "http";
    options.blob_storage_authority = options.dfs_storage_authority =
        endpoint.substr(std::string("http://").size());
    ASSERT_TRUE(options.ConfigureAccountKeyCredential(kKey).ok());
    const auto files = *arrow::fs::AzureFileSystem::Make(options);
    ASSERT_TRUE(files->CreateDir("millrace").ok());
    const std::map<std::string, std::string_view> objects = {
        {"dir/numbers.txt", numbers}, {"dir/a b+%.txt", "blank"}, {"other.txt", "other"}};
    for (const auto& [name, content] : objects) {
      const auto out = *files->OpenOutputStream("millrace/" + name);
      ASSERT_TRUE(out->Write(content.data(), static_cast<int64_t>(content.size())).ok());
      ASSERT_TRUE(out->Close().ok());
    }
  }
  const AzureConfig by_key{kAccount, "millrace", kKey, "", endpoint};
  const auto store = MakeAzureStore(by_key);
  ASSERT_TRUE(store.ok()) << store.status().ToString();
  EXPECT_EQ((*store)->Name(), "azure://devstoreaccount1/millrace");
  ReadsWhatIsThere(**store, numbers);
  for (const std::string mark : {"", "?"}) {
    const auto by_sas = MakeAzureStore({kAccount, "millrace", "", mark + SasToken(), endpoint});
    ASSERT_TRUE(by_sas.ok()) << by_sas.status().ToString();
    ReadsWhatIsThere(**by_sas, numbers);
  }

  AzureConfig wrong_key = by_key;
  wrong_key.shared_key = "d3Jvbmcga2V5";
  AzureConfig wrong_container = by_key;
  wrong_container.container = "no-such-container";
  AzureConfig wrong_sas{kAccount, "millrace", "", "sv=2019-12-12&sig=hush%3D", endpoint};
  AzureConfig anonymous{kAccount, "millrace", "", "", endpoint};
  for (const AzureConfig& config : {wrong_key, wrong_container, wrong_sas, anonymous}) {
    const auto broken = MakeAzureStore(config);
    for (const Status& status :
         {(*broken)->List("").status(), (*broken)->OpenReader("other.txt").status()}) {
      ASSERT_TRUE(status.failed());
      EXPECT_EQ(status.error().type, FailureType::kConfigError)
          << status.ToString() << " | " << status.error().internal;
      EXPECT_EQ(status.error().internal.find("hush"), std::string::npos);
    }
  }
}

TEST(CloudStoresTest, RefuseWhatCannotWork) {
  const std::pair<Status, const char*> cases[] = {
      {MakeGcsStore({"", "", ""}).status(), "bucket"},
      {MakeGcsStore({"b", "not json: hush", ""}).status(), "not a JSON object"},
      {MakeGcsStore({"b", "{\"private_key\": \"hush\"}", ""}).status(), "no client_email"},
      {MakeGcsStore({"b", "{\"private_key\": \"hush\", \"client_email\": \"a@b\"}", ""}).status(),
       "not a PEM key"},
      {MakeAzureStore({"", "c", "", "", ""}).status(), "account is missing"},
      {MakeAzureStore({"a", "c/d", "", "", ""}).status(), "c/d"},
      {MakeAzureStore({"a", "c", "hush!", "", ""}).status(), "not base64"},
      {MakeAzureStore({"a", "c", kKey, "hush", ""}).status(), "give one"}};
  for (const auto& [status, words] : cases) {
    ASSERT_TRUE(status.failed()) << words;
    EXPECT_EQ(status.error().type, FailureType::kConfigError);
    EXPECT_NE(status.ToString().find(words), std::string::npos) << status.ToString();
    EXPECT_EQ((status.ToString() + status.error().internal).find("hush"), std::string::npos);
  }
}

TEST(CloudStoresTest, RefuseToWrite) {
  const auto store = MakeAzureStore({"a", "c", "", "", ""});
  ASSERT_TRUE(store.ok());
  const auto never = [](const PendingUpload&) { return false; };
  for (const Status& status :
       {(*store)->Put("k", "x").status(), (*store)->StartUpload("k").status(),
        (*store)->Complete({"k", "{}"}), (*store)->Abort({"k", "{}"}), (*store)->Delete({"k"}),
        (*store)->AbortUploads("", WallTime{}, never)}) {
    EXPECT_NE(status.ToString().find("doesn't write to it"), std::string::npos);
    EXPECT_EQ(status.error().type, FailureType::kConfigError);
  }
}

/// What a cloud says in an emergency: transient after bounded attempts, within seconds.
TEST(CloudStoresTest, GiveUpOnAStoreThatFails) {
  std::atomic<int> requests = 0;
  ScriptedServer server([&](const ScriptedServer::Request&, ScriptedServer::Reply& reply) {
    ++requests;
    reply.Answer(503, "busy", "Retry-After: 0\r\n");
  });
  const auto store = MakeAzureStore({"a", "c", kKey, "", server.Url("")});
  const auto listed = (*store)->List("");
  ASSERT_FALSE(listed.ok());
  EXPECT_EQ(listed.status().error().type, FailureType::kTransientError)
      << listed.status().ToString() << listed.status().error().internal;
  EXPECT_GE(requests, 2);
  EXPECT_LE(requests, 10);
}

}  // namespace
}  // namespace millrace
