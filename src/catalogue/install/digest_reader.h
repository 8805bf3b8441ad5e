#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/byte_reader.h"
#include "base/result.h"

namespace millrace {

/// Hands another reader's bytes on and holds them against the digest and the size that were
/// announced. One thread.
class DigestReader : public ByteReader {
 public:
  /// `digest`: "sha256:…", 64 hexadecimal digits (see IsSha256Digest). `size` -1: not known.
  /// `input` outlives it.
  DigestReader(ByteReader& input, std::string digest, int64_t size);
  ~DigestReader() override;

  /// Fails as soon as more bytes come than were announced.
  Result<int64_t> Read(char* out, int64_t size) override;

  /// Reads what is left and compares. A config error when the bytes are not those.
  Status Finish();

 private:
  struct Hash;
  ByteReader& input_;
  const std::string digest_;
  const int64_t size_;
  int64_t read_ = 0;
  const std::unique_ptr<Hash> hash_;
};

bool IsSha256Digest(std::string_view digest);

}  // namespace millrace
