#include "declarative/requests/jwt_signature.h"

#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>

namespace millrace {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

std::string Pem(EVP_PKEY* key, const std::string& passphrase) {
  BIO* bio = BIO_new(BIO_s_mem());
  EXPECT_EQ(PEM_write_bio_PKCS8PrivateKey(
                bio, key, passphrase.empty() ? nullptr : EVP_aes_256_cbc(), passphrase.data(),
                static_cast<int>(passphrase.size()), nullptr, nullptr),
            1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string pem(data, static_cast<size_t>(size));
  BIO_free(bio);
  return pem;
}

bool Verifies(EVP_PKEY* key, const EVP_MD* digest, bool pss, std::string signature,
              std::string_view text) {
  if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC) {
    const auto half = static_cast<int>(signature.size() / 2);
    const auto* bytes = reinterpret_cast<const unsigned char*>(signature.data());
    ECDSA_SIG* pair = ECDSA_SIG_new();
    ECDSA_SIG_set0(pair, BN_bin2bn(bytes, half, nullptr), BN_bin2bn(bytes + half, half, nullptr));
    unsigned char* der = nullptr;
    const int size = i2d_ECDSA_SIG(pair, &der);
    signature.assign(reinterpret_cast<char*>(der), static_cast<size_t>(size));
    OPENSSL_free(der);
    ECDSA_SIG_free(pair);
  }
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_PKEY_CTX* parameters = nullptr;
  bool good = EVP_DigestVerifyInit(context, &parameters, digest, nullptr, key) == 1;
  if (pss) {
    good = good && EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) == 1;
  }
  good = good &&
         EVP_DigestVerify(context, reinterpret_cast<const unsigned char*>(signature.data()),
                          signature.size(), reinterpret_cast<const unsigned char*>(text.data()),
                          text.size()) == 1;
  EVP_MD_CTX_free(context);
  return good;
}

TEST(JwtSignatureTest, IsVerifiedByThePublicKey) {
  struct Case {
    const char* algorithm;
    Key key;
    const EVP_MD* digest;
    bool pss;
    size_t bytes;
  };
  const auto rsa = [] { return Key(EVP_RSA_gen(2048), EVP_PKEY_free); };
  const auto curve = [](const char* name) { return Key(EVP_EC_gen(name), EVP_PKEY_free); };
  Case cases[] = {
      {"RS256", rsa(), EVP_sha256(), false, 256},
      {"PS384", rsa(), EVP_sha384(), true, 256},
      {"RS512", rsa(), EVP_sha512(), false, 256},
      {"ES256", curve("P-256"), EVP_sha256(), false, 64},
      {"ES256K", curve("secp256k1"), EVP_sha256(), false, 64},
      {"ES384", curve("P-384"), EVP_sha384(), false, 96},
      {"ES512", curve("P-521"), EVP_sha512(), false, 132},
      {"EdDSA", Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), EVP_PKEY_free), nullptr, false,
       64},
  };
  for (const Case& c : cases) {
    for (const std::string& passphrase : {std::string(), std::string("opens it")}) {
      const auto signature = SignJwt(c.algorithm, Pem(c.key.get(), passphrase), passphrase, "a.b");
      ASSERT_TRUE(signature.ok()) << c.algorithm << ": " << signature.status().ToString();
      EXPECT_EQ((*signature).size(), c.bytes) << c.algorithm;
      EXPECT_TRUE(Verifies(c.key.get(), c.digest, c.pss, *signature, "a.b")) << c.algorithm;
      EXPECT_FALSE(Verifies(c.key.get(), c.digest, c.pss, *signature, "a.c")) << c.algorithm;
    }
  }
}

TEST(JwtSignatureTest, SaysWhatIsWrongWithAKeyAndDoesNotShowIt) {
  const Key curve(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::string pem = Pem(curve.get(), "secret phrase");
  for (const auto& [algorithm, key, passphrase] :
       {std::tuple<const char*, std::string, std::string>{"RS256", "my secret key", ""},
        {"RS256", Pem(curve.get(), ""), ""},
        {"ES256", pem, "wrong phrase"},
        {"ES256", pem, ""},
        {"XX", "my secret key", ""}}) {
    const auto signature = SignJwt(algorithm, key, passphrase, "a.b");
    ASSERT_FALSE(signature.ok());
    EXPECT_EQ(signature.status().error().type, FailureType::kConfigError);
    EXPECT_EQ(signature.status().ToString().find("my secret"), std::string::npos);
    EXPECT_EQ(signature.status().ToString().find("wrong phrase"), std::string::npos);
  }
}

}  // namespace
}  // namespace millrace
