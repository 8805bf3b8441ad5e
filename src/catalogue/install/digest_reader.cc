#include "catalogue/install/digest_reader.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace millrace {

struct DigestReader::Hash {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  Hash() { EVP_DigestInit_ex(context, EVP_sha256(), nullptr); }
  ~Hash() { EVP_MD_CTX_free(context); }
};

DigestReader::DigestReader(ByteReader& input, std::string digest, int64_t size)
    : input_(input), digest_(std::move(digest)), size_(size), hash_(std::make_unique<Hash>()) {}
DigestReader::~DigestReader() = default;

Result<int64_t> DigestReader::Read(char* out, int64_t size) {
  MR_ASSIGN_OR_RETURN(const int64_t got, input_.Read(out, size));
  EVP_DigestUpdate(hash_->context, out, static_cast<size_t>(got));
  read_ += got;
  if (size_ >= 0 && read_ > size_) {
    return ConfigError("{} has more than the {} bytes that were announced", digest_, size_);
  }
  return got;
}

Status DigestReader::Finish() {
  std::vector<char> buffer(64 << 10);
  for (;;) {
    MR_ASSIGN_OR_RETURN(const int64_t got,
                        Read(buffer.data(), static_cast<int64_t>(buffer.size())));
    if (got == 0) break;
  }
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  EVP_DigestFinal_ex(hash_->context, bytes, &length);
  std::string digest = "sha256:";
  for (unsigned i = 0; i < length; ++i) digest += fmt::format("{:02x}", bytes[i]);
  if (digest == digest_ && (size_ < 0 || read_ == size_)) return Status::Ok();
  return ConfigError("what came as {} is something else: {}, {} bytes", digest_, digest, read_);
}

bool IsSha256Digest(std::string_view digest) {
  constexpr std::string_view kPrefix = "sha256:";
  return digest.size() == kPrefix.size() + 64 && digest.starts_with(kPrefix) &&
         digest.find_first_not_of("0123456789abcdef", kPrefix.size()) == std::string_view::npos;
}

}  // namespace millrace
