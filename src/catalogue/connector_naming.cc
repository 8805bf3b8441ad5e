#include "catalogue/connector_naming.h"

#include <algorithm>
#include <cctype>
#include <vector>

namespace millrace {
namespace {

constexpr size_t kNameMax = 100, kVersionMax = 64, kImageMax = 400;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsSmall(char c) { return c >= 'a' && c <= 'z'; }

/// Where a part of a version that is no number stands among the others: 0 is where the version ends
/// (or has a zero), kNumber a further number.
constexpr int kNumber = 2;
int RankOfWord(std::string_view word) {
  if (word == "dev") return -4;
  if (word == "a" || word == "alpha") return -3;
  if (word == "b" || word == "beta") return -2;
  if (word == "rc" || word == "c") return -1;
  return 1;  // post, and what is a build of one's own
}

/// One number or word of a version. A version that ends here counts as {0, 0}.
struct VersionPart {
  int rank = 0;
  std::string digits;  // without leading zeros

  bool operator==(const VersionPart&) const = default;
  bool operator<(const VersionPart& other) const {
    if (rank != other.rank) return rank < other.rank;
    if (digits.size() != other.digits.size()) return digits.size() < other.digits.size();
    return digits < other.digits;
  }
};

std::vector<VersionPart> PartsOf(std::string_view version) {
  std::vector<VersionPart> parts;
  for (size_t at = 0; at < version.size();) {
    const size_t begin = at;
    if (IsDigit(version[at])) {
      while (at < version.size() && IsDigit(version[at])) ++at;
      std::string digits(version.substr(begin, at - begin));
      digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
      const int rank = digits.empty() ? 0 : kNumber;
      parts.push_back({rank, std::move(digits)});
    } else if (IsSmall(version[at])) {
      while (at < version.size() && IsSmall(version[at])) ++at;
      parts.push_back({RankOfWord(version.substr(begin, at - begin)), ""});
    } else {
      ++at;
    }
  }
  while (!parts.empty() && parts.back() == VersionPart{}) parts.pop_back();  // 1.0 is 1
  return parts;
}

}  // namespace

Status CheckConnectorName(std::string_view name) {
  const bool fits = !name.empty() && name.size() <= kNameMax && name.front() != '-' &&
                    std::all_of(name.begin(), name.end(),
                                [](char c) { return IsSmall(c) || IsDigit(c) || c == '-'; });
  if (fits) return Status::Ok();
  return ConfigError(
      "\"{}\" is no connector's name: small letters, digits and dashes, like source-faker",
      name.substr(0, kNameMax));
}

Status CheckConnectorVersion(std::string_view version) {
  const bool fits = !version.empty() && version.size() <= kVersionMax && IsDigit(version.front()) &&
                    version.find("..") == std::string_view::npos &&
                    std::all_of(version.begin(), version.end(), [](char c) {
                      return IsSmall(c) || IsDigit(c) || c == '.' || c == '+';
                    });
  if (fits) return Status::Ok();
  return ConfigError("\"{}\" is no version: write it as the package index does, like 7.2.1",
                     version.substr(0, kVersionMax));
}

Status CheckImageName(std::string_view image) {
  const bool fits = !image.empty() && image.size() <= kImageMax &&
                    std::isalnum(static_cast<unsigned char>(image.front())) != 0 &&
                    std::all_of(image.begin(), image.end(), [](char c) {
                      return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                             std::string_view("._-/:@").find(c) != std::string_view::npos;
                    });
  if (fits) return Status::Ok();
  return ConfigError("\"{}\" is no container image: write it like airbyte/source-faker:7.2.1",
                     image.substr(0, kImageMax));
}

std::string ConnectorNameOfImage(std::string_view image) {
  std::string_view name = image.substr(image.rfind('/') + 1);
  name = name.substr(0, name.find_first_of(":@"));
  return std::string(name);
}

bool IsOlderVersion(std::string_view a, std::string_view b) {
  const std::vector<VersionPart> left = PartsOf(a), right = PartsOf(b);
  for (size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    const VersionPart l = i < left.size() ? left[i] : VersionPart{};
    const VersionPart r = i < right.size() ? right[i] : VersionPart{};
    if (l != r) return l < r;
  }
  return false;
}

}  // namespace millrace
