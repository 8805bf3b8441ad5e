#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "clients/http/http_message.h"

namespace millrace {

/// What an S3 server says went wrong.
struct S3Error {
  std::string code;     ///< "NoSuchBucket"; made from the HTTP status when there is no document
  std::string message;  ///< the server's words
  std::string region;   ///< where the bucket is, when the server says so

  /// Reads the reply's error document and headers.
  static S3Error Parse(const HttpReply& response);
  /// One of several in a reply that is a success.
  static S3Error FromCode(std::string code, std::string message);

  /// The same request may succeed later.
  bool transient() const { return transient_; }

  /// `what`: "reading s3://bucket/key"; the server's words become the internal detail.
  Status ToStatus(std::string_view what) const;

 private:
  bool transient_ = false;
};

}  // namespace millrace
