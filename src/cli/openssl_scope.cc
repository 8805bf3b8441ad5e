// Fails when this program, linked like millrace-attempt, would run OpenSSL calls of the system's
// libraries (libcurl, libpq) in the OpenSSL that the wheel's libparquet carries and exports: two
// versions of one library, mixed, until something is corrupted.
#include <curl/curl.h>
#include <dlfcn.h>
#include <parquet/parquet_version.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "cli/builtin_connectors.h"

int main() {
  // Keeps the connectors, and so every library of theirs, among what this program needs.
  std::printf("%zu connectors\n", millrace::BuiltinConnectors().size());
  curl_global_init(CURL_GLOBAL_DEFAULT);
  bool passed = true;
  for (const char* name :
       {"EVP_Digest", "BIO_new", "X509_verify", "CRYPTO_malloc", "EVP_MD_fetch", "SSL_new"}) {
    // The default scope is the one in which every loaded library is relocated.
    void* address = ::dlsym(RTLD_DEFAULT, name);
    Dl_info info{};
    const bool known = address != nullptr && ::dladdr(address, &info) != 0;
    const std::string_view file = known ? info.dli_fname : "nowhere";
    const bool system = file.find("libcrypto.so") != std::string_view::npos ||
                        file.find("libssl.so") != std::string_view::npos;
    passed = passed && system;
    std::printf("%s -> %.*s\n", name, static_cast<int>(file.size()), file.data());
  }
  // Without libparquet in the process there would be nothing to guard against.
  const bool guarded =
      ::dlopen("libparquet.so." PARQUET_SO_VERSION, RTLD_NOW | RTLD_NOLOAD) != nullptr;
  std::printf("libparquet is %s\n", guarded ? "loaded" : "missing");
  curl_global_cleanup();
  return passed && guarded ? EXIT_SUCCESS : EXIT_FAILURE;
}
