#include "catalogue/install/install_failure.h"

#include <algorithm>
#include <vector>

#include "base/secrets.h"

namespace millrace {
namespace {

enum class Why { kDisk, kNetwork, kCertificate, kRefused };

/// Words by which uv and pip tell what the machine or the network did. The first that is found
/// counts.
struct Symptom {
  std::string_view words;
  Why why;
};
constexpr Symptom kSymptoms[] = {
    {"No space left on device", Why::kDisk},
    {"os error 28", Why::kDisk},
    {"Disk quota exceeded", Why::kDisk},
    {"certificate verify failed", Why::kCertificate},
    {"CERTIFICATE_VERIFY_FAILED", Why::kCertificate},
    {"invalid peer certificate", Why::kCertificate},
    {"UnknownIssuer", Why::kCertificate},
    {"401 Unauthorized", Why::kRefused},
    {"403 Forbidden", Why::kRefused},
    {"401 Client Error", Why::kRefused},
    {"403 Client Error", Why::kRefused},
    {"407 Proxy", Why::kRefused},
    {"authentication credentials", Why::kRefused},
    {"NewConnectionError", Why::kNetwork},
    {"ConnectTimeoutError", Why::kNetwork},
    {"ReadTimeoutError", Why::kNetwork},
    {"ConnectionResetError", Why::kNetwork},
    {"ProxyError", Why::kNetwork},
    {"Temporary failure in name resolution", Why::kNetwork},
    {"Name or service not known", Why::kNetwork},
    {"Connection broken", Why::kNetwork},
    {"error sending request", Why::kNetwork},
    {"tcp connect error", Why::kNetwork},
    {"dns error", Why::kNetwork},
    {"operation timed out", Why::kNetwork},
    {"Request failed after", Why::kNetwork},
    {"Failed to fetch", Why::kNetwork},
};

bool Says(const FailedInstall& failed, std::string_view words) {
  return failed.said.find(words) != std::string::npos;
}

/// On one line, cut, without secrets (an index's address may hold a password).
std::string OneLine(std::string_view said) {
  constexpr size_t kBytesMax = 600;
  std::string line;
  for (const char c : said) {
    const char shown = c == '\n' || c == '\t' || c == '\r' ? ' ' : c;
    if (shown != ' ' || (!line.empty() && line.back() != ' ')) line += shown;
  }
  if (line.size() > kBytesMax) line = "…" + line.substr(line.size() - kBytesMax);
  return Secrets::Redact(line);
}

/// The last line that says something.
std::string LastLine(std::string_view said) {
  while (said.ends_with('\n') || said.ends_with(' ')) said.remove_suffix(1);
  const size_t begin = said.rfind('\n');
  return OneLine(begin == std::string_view::npos ? said : said.substr(begin + 1));
}

/// The newest of the versions that pip lists: "(from versions: 1.0, 1.1)"; empty when it doesn't.
std::string ListedVersions(const FailedInstall& failed) {
  constexpr std::string_view kBefore = "(from versions: ";
  constexpr size_t kShown = 8;
  const size_t begin = failed.said.find(kBefore);
  const size_t end = failed.said.find(')', begin == std::string::npos ? begin : begin + 1);
  if (begin == std::string::npos || end == std::string::npos) return "";
  std::string list = failed.said.substr(begin + kBefore.size(), end - begin - kBefore.size());
  size_t commas = 0, at = list.size();
  while (at > 0 && commas < kShown) {
    at = list.rfind(',', at - 1);
    if (at == std::string::npos) return list;
    ++commas;
  }
  return list.substr(at + 2);
}

Status FromOutside(const FailedInstall& failed, Why why, const std::string& what) {
  switch (why) {
    case Why::kDisk:
      return ConfigError(
          "{}: the disk is full; a connector takes up to 600 MB in {}, and the "
          "installer's cache as much again",
          what, failed.folder);
    case Why::kCertificate:
      return ConfigError("{}: the package index's certificate is not trusted ({})", what,
                         LastLine(failed.said));
    case Why::kRefused:
      return ConfigError("{}: the package index, or a proxy before it, refuses us ({})", what,
                         LastLine(failed.said));
    default:
      return TransientError(
          "{}: the package index can't be reached; check the network, or the index and proxy of "
          "your pip or uv settings ({})",
          what, LastLine(failed.said));
  }
}

}  // namespace

Status InstallFailure(const FailedInstall& failed) {
  const std::string what = fmt::format("installing {} {}", failed.connector, failed.version);
  for (const Symptom& symptom : kSymptoms) {
    if (Says(failed, symptom.words)) return FromOutside(failed, symptom.why, what);
  }
  const std::string pinned = failed.package + "==" + failed.version;
  const bool none_listed = Says(failed, "(from versions: none)");
  const bool not_matched = Says(failed, "No matching distribution found for " + pinned);
  if (Says(failed, failed.package + " was not found") || (not_matched && none_listed)) {
    return ConfigError("{}: there is no package {} in the package index", what, failed.package);
  }
  if (Says(failed, "there is no version of " + pinned) || not_matched) {
    const std::string versions = ListedVersions(failed);
    return ConfigError("{}: {} has no such version{}", what, failed.package,
                       versions.empty() ? "" : "; the newest are " + versions);
  }
  if (Says(failed, "No solution found") || Says(failed, "No matching distribution found") ||
      Says(failed, "ResolutionImpossible")) {
    return ConfigError("{}: what this version needs can't be had; try another one ({})", what,
                       OneLine(failed.said));
  }
  return SystemError("{}: {}", what,
                     failed.said.empty() ? "no reason was given" : LastLine(failed.said));
}

std::string NeededPython(const FailedInstall& failed) {
  // Of a package in a folder pip says it in other words than of one in an index.
  const std::string in_folder = "Package '" + failed.package + "' requires a different Python: ";
  if (const size_t found = failed.said.find(in_folder); found != std::string::npos) {
    const size_t begin = std::min(failed.said.find(" not in '", found), failed.said.size());
    const size_t range = std::min(begin + 9, failed.said.size());
    return failed.said.substr(range, failed.said.find('\'', range) - range);
  }
  const std::string words = " " + failed.version + " Requires-Python ";
  const size_t found = failed.said.find(words);
  if (found == std::string::npos ||
      !Says(failed, "No matching distribution found for " + failed.package + "==")) {
    return "";
  }
  const size_t begin = found + words.size();
  return failed.said.substr(begin, failed.said.find_first_of(";\n", begin) - begin);
}

}  // namespace millrace
