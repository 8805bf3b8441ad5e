#include "clients/s3/sigv4.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

// The examples of the Amazon S3 API reference, "Signature Calculations for the Authorization
// Header".
const AwsCredentials kExample{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                              ""};
constexpr std::string_view kDate = "20130524T000000Z";
constexpr std::string_view kEmpty =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

std::string Signature(SigV4Request request) {
  request.amz_date = kDate;
  request.headers.emplace_back("host", "examplebucket.s3.amazonaws.com");
  request.headers.emplace_back("x-amz-content-sha256", request.payload_hash);
  request.headers.emplace_back("x-amz-date", kDate);
  const std::string header = SigV4Authorization(request, kExample, "us-east-1");
  EXPECT_EQ(header.substr(0, 80),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_requ");
  return header.substr(header.find("Signature=") + 10);
}

TEST(SigV4Test, GetWithRange) {
  EXPECT_EQ(Signature({.method = "GET",
                       .path = "/test.txt",
                       .headers = {{"range", "bytes=0-9"}},
                       .payload_hash = kEmpty}),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(SigV4Test, PutWithMoreHeaders) {
  const std::string hash = Sha256Hex("Welcome to Amazon S3.");
  EXPECT_EQ(hash, "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072");
  const std::string path = "/" + UriEncode("test$file.text");
  EXPECT_EQ(Signature({.method = "PUT",
                       .path = path,
                       .headers = {{"x-amz-storage-class", "REDUCED_REDUNDANCY"},
                                   {"date", "Fri, 24 May 2013 00:00:00 GMT"}},
                       .payload_hash = hash}),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST(SigV4Test, QueryWithoutValue) {
  const std::string query = CanonicalQuery({{"lifecycle", ""}});
  EXPECT_EQ(Signature({.method = "GET", .path = "/", .query = query, .payload_hash = kEmpty}),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

TEST(SigV4Test, SortedQuery) {
  const std::string query = CanonicalQuery({{"prefix", "J"}, {"max-keys", "2"}});
  EXPECT_EQ(Signature({.method = "GET", .path = "/", .query = query, .payload_hash = kEmpty}),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(SigV4Test, Encodes) {
  EXPECT_EQ(UriEncode("a b+c%/~\xc3\xa9"), "a%20b%2Bc%25%2F~%C3%A9");
  EXPECT_EQ(UriEncode("a/b=c", true), "a/b%3Dc");
  EXPECT_EQ(CanonicalQuery({{"b", "2"}, {"a b", "x&y"}, {"b", "1"}}), "a%20b=x%26y&b=1&b=2");
  EXPECT_EQ(AmzDate(WallTime(std::chrono::seconds(1369353600))), kDate);
}

}  // namespace
}  // namespace millrace
