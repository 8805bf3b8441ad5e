#include "subprocess/confinement.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

namespace millrace {
namespace {

/// What a confined child may know of our environment.
constexpr std::string_view kPassedOn[] = {
    "PATH",          "LANG",         "LANGUAGE",      "TZ",          "TZDIR",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "http_proxy",    "HTTP_PROXY",  "https_proxy",
    "HTTPS_PROXY",   "all_proxy",    "ALL_PROXY",     "no_proxy",    "NO_PROXY",
    "ASAN_OPTIONS",  "TSAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"};

}  // namespace

std::vector<std::string> ConfinedEnvironment(const std::filesystem::path& folder) {
  std::vector<std::string> environment = {"HOME=" + folder.string(), "TMPDIR=" + folder.string()};
  for (char** variable = ::environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    const std::string_view name = text.substr(0, text.find('='));
    const bool passed_on =
        std::find(std::begin(kPassedOn), std::end(kPassedOn), name) != std::end(kPassedOn);
    if (passed_on || name.starts_with("LC_")) environment.emplace_back(text);
  }
  return environment;
}

void ConfineAfterFork(int first_closed) {
  ::close_range(static_cast<unsigned>(first_closed), ~0U, 0);
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
}

}  // namespace millrace
