#include "declarative/requests/python_url.h"

#include <algorithm>
#include <cctype>

#include "base/lower_case.h"

namespace millrace {
namespace {

constexpr std::string_view kHex = "0123456789ABCDEF";

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool IsUnreserved(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '_' ||
         c == '~';
}

bool IsScheme(std::string_view text) {
  if (text.empty() || std::isalpha(static_cast<unsigned char>(text[0])) == 0) return false;
  return std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '+' || c == '-' || c == '.';
  });
}

/// Schemes for which urljoin() follows relative links; the empty one is a relative base.
constexpr std::string_view kRelativeSchemes[] = {"http", "https", "ftp", "file", ""};

std::string Unsplit(std::string_view scheme, std::string_view netloc, std::string_view path,
                    std::string_view query, std::string_view fragment) {
  std::string url;
  if (!scheme.empty()) url.append(scheme).append(":");
  if (!netloc.empty()) {
    url.append("//").append(netloc);
    if (!path.empty() && path[0] != '/') url.push_back('/');
  }
  url.append(path);
  if (!query.empty()) url.append("?").append(query);
  if (!fragment.empty()) url.append("#").append(fragment);
  return url;
}

std::vector<std::string> SplitPath(std::string_view path) {
  std::vector<std::string> segments;
  for (;;) {
    const size_t slash = path.find('/');
    segments.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

/// The path that `path`, a relative one, is from `base`: dots resolved.
std::string JoinPaths(std::string_view base, std::string_view path) {
  std::vector<std::string> segments;
  if (path.starts_with('/')) {
    segments = SplitPath(path);
  } else {
    segments = SplitPath(base);
    if (!segments.back().empty()) segments.pop_back();
    for (std::string& segment : SplitPath(path)) segments.push_back(std::move(segment));
    // Empty segments in the middle vanish, as urljoin() has it.
    for (size_t i = 1; i + 1 < segments.size();) {
      if (segments[i].empty()) {
        segments.erase(segments.begin() + static_cast<std::ptrdiff_t>(i));
      } else {
        ++i;
      }
    }
  }
  std::vector<std::string> resolved;
  for (const std::string& segment : segments) {
    if (segment == "..") {
      if (!resolved.empty()) resolved.pop_back();
    } else if (segment != ".") {
      resolved.push_back(segment);
    }
  }
  if (segments.back() == "." || segments.back() == "..") resolved.emplace_back();
  std::string joined;
  for (size_t i = 0; i < resolved.size(); ++i) {
    if (i > 0) joined.push_back('/');
    joined.append(resolved[i]);
  }
  return joined.empty() ? "/" : joined;
}

}  // namespace

std::string SplitUrl::Host() const {
  std::string_view host = netloc.substr(netloc.rfind('@') + 1);
  if (host.starts_with('[')) {
    host = host.substr(1, host.find(']') - 1);
  } else {
    host = host.substr(0, host.find(':'));
  }
  return LowerCaseOf(host);
}

std::string_view SplitUrl::Port() const {
  const std::string_view host = netloc.substr(netloc.rfind('@') + 1);
  const size_t colon = host.rfind(':');
  if (colon == std::string_view::npos || host.find(']', colon) != std::string_view::npos) return {};
  return host.substr(colon + 1);
}

SplitUrl UrlSplit(std::string_view url) {
  SplitUrl split;
  const size_t colon = url.find(':');
  if (colon != std::string_view::npos && IsScheme(url.substr(0, colon))) {
    split.scheme = url.substr(0, colon);
    url.remove_prefix(colon + 1);
  }
  if (url.starts_with("//")) {
    const size_t end = std::min(url.find_first_of("/?#", 2), url.size());
    split.netloc = url.substr(2, end - 2);
    url.remove_prefix(end);
  }
  if (const size_t hash = url.find('#'); hash != std::string_view::npos) {
    split.fragment = url.substr(hash + 1);
    url = url.substr(0, hash);
  }
  if (const size_t question = url.find('?'); question != std::string_view::npos) {
    split.query = url.substr(question + 1);
    url = url.substr(0, question);
  }
  split.path = url;
  return split;
}

std::string UrlJoin(std::string_view base, std::string_view url) {
  if (base.empty()) return std::string(url);
  if (url.empty()) return std::string(base);
  const SplitUrl from = UrlSplit(base);
  const SplitUrl to = UrlSplit(url);
  const std::string base_scheme = LowerCaseOf(from.scheme);
  const std::string scheme = to.scheme.empty() ? base_scheme : LowerCaseOf(to.scheme);
  if (scheme != base_scheme || std::find(std::begin(kRelativeSchemes), std::end(kRelativeSchemes),
                                         scheme) == std::end(kRelativeSchemes)) {
    return std::string(url);
  }
  if (!to.netloc.empty()) return Unsplit(scheme, to.netloc, to.path, to.query, to.fragment);
  if (to.path.empty()) {
    return Unsplit(scheme, from.netloc, from.path, to.query.empty() ? from.query : to.query,
                   to.fragment);
  }
  return Unsplit(scheme, from.netloc, JoinPaths(from.path, to.path), to.query, to.fragment);
}

std::string UrlQuote(std::string_view text, std::string_view safe) {
  std::string quoted;
  for (const char c : text) {
    if (IsUnreserved(c) || safe.find(c) != std::string_view::npos) {
      quoted.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      quoted.push_back('%');
      quoted.push_back(kHex[byte >> 4]);
      quoted.push_back(kHex[byte & 15]);
    }
  }
  return quoted;
}

std::string UrlQuotePlus(std::string_view text) {
  std::string quoted = UrlQuote(text, " ");
  std::replace(quoted.begin(), quoted.end(), ' ', '+');
  return quoted;
}

std::string UrlUnquotePlus(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      plain.push_back(' ');
    } else if (text[i] == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 &&
               HexDigit(text[i + 2]) >= 0) {
      plain.push_back(static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2])));
      i += 2;
    } else {
      plain.push_back(text[i]);
    }
  }
  return plain;
}

std::vector<std::pair<std::string, std::string>> ParseQuery(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos || equals + 1 == pair.size()) continue;
    pairs.emplace_back(UrlUnquotePlus(pair.substr(0, equals)),
                       UrlUnquotePlus(pair.substr(equals + 1)));
  }
  return pairs;
}

}  // namespace millrace
