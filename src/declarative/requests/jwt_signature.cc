#include "declarative/requests/jwt_signature.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>
#include <vector>

namespace millrace {
namespace {

template <auto kFree>
struct Free {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Context = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;
using Signature = std::unique_ptr<ECDSA_SIG, Free<ECDSA_SIG_free>>;

struct Algorithm {
  std::string_view name;
  const EVP_MD* (*digest)();  // null: the key's own
  int key_type;               // 0: a shared secret
  bool pss;
  int half_bytes;  // of an ECDSA signature's r and s
};

constexpr Algorithm kAlgorithms[] = {
    {"HS256", EVP_sha256, 0, false, 0},
    {"HS384", EVP_sha384, 0, false, 0},
    {"HS512", EVP_sha512, 0, false, 0},
    {"RS256", EVP_sha256, EVP_PKEY_RSA, false, 0},
    {"RS384", EVP_sha384, EVP_PKEY_RSA, false, 0},
    {"RS512", EVP_sha512, EVP_PKEY_RSA, false, 0},
    {"PS256", EVP_sha256, EVP_PKEY_RSA, true, 0},
    {"PS384", EVP_sha384, EVP_PKEY_RSA, true, 0},
    {"PS512", EVP_sha512, EVP_PKEY_RSA, true, 0},
    {"ES256", EVP_sha256, EVP_PKEY_EC, false, 32},
    {"ES256K", EVP_sha256, EVP_PKEY_EC, false, 32},
    {"ES384", EVP_sha384, EVP_PKEY_EC, false, 48},
    {"ES512", EVP_sha512, EVP_PKEY_EC, false, 66},
    {"EdDSA", nullptr, EVP_PKEY_ED25519, false, 0},
};

Status KeyError(std::string_view algorithm, std::string_view what) {
  ERR_clear_error();
  return ConfigError("the JWT can't be signed with {}: {}", algorithm, what);
}

Result<Key> ReadKey(const Algorithm& algorithm, const std::string& text,
                    const std::string& passphrase) {
  const std::unique_ptr<BIO, Free<BIO_free>> bio(
      BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  // Without a passphrase the empty one is tried: nobody is asked at a terminal.
  Key key(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, const_cast<char*>(passphrase.c_str())));
  if (key == nullptr) {
    return KeyError(algorithm.name,
                    "the secret key is no private key in PEM form (-----BEGIN … KEY-----), or its "
                    "passphrase is wrong");
  }
  const int type = EVP_PKEY_get_base_id(key.get());
  const bool edwards = algorithm.key_type == EVP_PKEY_ED25519 && type == EVP_PKEY_ED448;
  if (type != algorithm.key_type && !edwards) {
    return KeyError(algorithm.name, "the private key is of another kind");
  }
  return key;
}

std::string Hmac(const Algorithm& algorithm, const std::string& key, std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(algorithm.digest(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, &size);
  return std::string(reinterpret_cast<char*>(digest), size);
}

/// r and s, each filled up to its length, from what OpenSSL writes.
std::string FlatSignature(const std::string& der, int half_bytes) {
  const auto* data = reinterpret_cast<const unsigned char*>(der.data());
  const Signature signature(d2i_ECDSA_SIG(nullptr, &data, static_cast<long>(der.size())));
  std::string flat(static_cast<size_t>(half_bytes) * 2, '\0');
  auto* out = reinterpret_cast<unsigned char*>(flat.data());
  if (signature == nullptr ||
      BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), out, half_bytes) < 0 ||
      BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), out + half_bytes, half_bytes) < 0) {
    return "";
  }
  return flat;
}

Result<std::string> SignWithKey(const Algorithm& algorithm, EVP_PKEY* key, std::string_view text) {
  const Context context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* key_context = nullptr;
  const EVP_MD* digest = algorithm.digest == nullptr ? nullptr : algorithm.digest();
  bool ok = EVP_DigestSignInit(context.get(), &key_context, digest, nullptr, key) == 1;
  if (ok && algorithm.pss) {
    ok = EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, RSA_PSS_SALTLEN_DIGEST) == 1;
  }
  const auto* data = reinterpret_cast<const unsigned char*>(text.data());
  size_t size = 0;
  ok = ok && EVP_DigestSign(context.get(), nullptr, &size, data, text.size()) == 1;
  std::string signature(size, '\0');
  ok = ok && EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()),
                            &size, data, text.size()) == 1;
  if (!ok) return KeyError(algorithm.name, "the private key can't be used for it");
  signature.resize(size);
  if (algorithm.half_bytes == 0) return signature;
  std::string flat = FlatSignature(signature, algorithm.half_bytes);
  if (flat.empty()) return KeyError(algorithm.name, "the private key is on another curve");
  return flat;
}

}  // namespace

Result<std::string> SignJwt(std::string_view algorithm, const std::string& key,
                            const std::string& passphrase, std::string_view text) {
  for (const Algorithm& known : kAlgorithms) {
    if (known.name != algorithm) continue;
    if (known.key_type == 0) return Hmac(known, key, text);
    MR_ASSIGN_OR_RETURN(const Key private_key, ReadKey(known, key, passphrase));
    return SignWithKey(known, private_key.get(), text);
  }
  return KeyError(algorithm, "there is no such algorithm");
}

}  // namespace millrace
