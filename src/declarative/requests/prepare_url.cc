#include <algorithm>
#include <cctype>
#include <vector>

#include "base/lower_case.h"
#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/requests/python_url.h"

namespace millrace {
namespace {

constexpr std::string_view kSubDelimiters = "!$&'()*+,;=";

bool IsHex(char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; }

/// Encodes what may not stand in that part of a URL, as urllib3 does: percent signs stay when all
/// of them begin an escape, and none of them otherwise.
std::string EncodeInvalid(std::string_view part, std::string_view allowed) {
  std::string upper(part);
  bool all_escapes = true;
  for (size_t i = 0; i < upper.size(); ++i) {
    if (upper[i] != '%') continue;
    if (i + 2 < upper.size() && IsHex(upper[i + 1]) && IsHex(upper[i + 2])) {
      upper[i + 1] = static_cast<char>(std::toupper(static_cast<unsigned char>(upper[i + 1])));
      upper[i + 2] = static_cast<char>(std::toupper(static_cast<unsigned char>(upper[i + 2])));
    } else {
      all_escapes = false;
    }
  }
  return UrlQuote(upper, std::string(allowed) + (all_escapes ? "%" : ""));
}

/// RFC 3986's removal of dots in a path.
std::string RemoveDots(std::string_view path) {
  std::vector<std::string_view> kept;
  std::string_view rest = path;
  std::string_view last;
  for (;;) {
    const size_t slash = rest.find('/');
    last = rest.substr(0, slash);
    if (last == "..") {
      if (!kept.empty()) kept.pop_back();
    } else if (last != ".") {
      kept.push_back(last);
    }
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  if (path.starts_with('/') && (kept.empty() || !kept[0].empty())) kept.insert(kept.begin(), "");
  if (path.ends_with("/.") || path.ends_with("/..")) kept.push_back("");
  std::string clean;
  for (size_t i = 0; i < kept.size(); ++i) {
    if (i > 0) clean.push_back('/');
    clean.append(kept[i]);
  }
  return clean;
}

Status InvalidUrl(std::string_view what) { return PyError("InvalidURL", what); }

/// user@host:port, written anew.
Result<std::string> PrepareAuthority(std::string_view authority, std::string_view url) {
  const size_t at = authority.rfind('@');
  std::string prepared;
  std::string_view place = authority;
  if (at != std::string_view::npos) {
    prepared = EncodeInvalid(authority.substr(0, at), std::string(kSubDelimiters) + ":") + "@";
    place = authority.substr(at + 1);
  }
  const size_t bracket = place.rfind(']');
  const size_t colon = place.find(':', bracket == std::string_view::npos ? 0 : bracket);
  const std::string host = LowerCaseOf(place.substr(0, colon));
  std::string port(colon == std::string_view::npos ? "" : place.substr(colon + 1));
  const bool digits =
      std::all_of(port.begin(), port.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
  if (!digits || port.size() > 5 || (!port.empty() && std::stoi(port) > 65535)) {
    return InvalidUrl("Failed to parse: " + std::string(url.substr(0, url.find_first_of("?#@"))));
  }
  if (host.empty()) {
    return InvalidUrl("Invalid URL " + PyRepr(PyValue(url)) + ": No host supplied");
  }
  if (host[0] == '*' || host[0] == '.') return InvalidUrl("URL has an invalid label.");
  prepared += host;
  if (!port.empty()) prepared += ":" + std::to_string(std::stoi(port));
  return prepared;
}

}  // namespace

std::string RequoteUri(std::string_view url) {
  std::string unquoted;
  for (size_t i = 0; i < url.size(); ++i) {
    if (url[i] != '%' || i + 2 >= url.size()) {
      unquoted.push_back(url[i]);
      continue;
    }
    const std::string_view digits = url.substr(i + 1, 2);
    const bool alnum = std::isalnum(static_cast<unsigned char>(digits[0])) != 0 &&
                       std::isalnum(static_cast<unsigned char>(digits[1])) != 0;
    if (!alnum) {
      unquoted.push_back('%');
      continue;
    }
    if (!IsHex(digits[0]) || !IsHex(digits[1])) return UrlQuote(url, "!#$&'()*+,/:;=?@[]~");
    const char c = static_cast<char>(std::stoi(std::string(digits), nullptr, 16));
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 ||
        (c != '\0' && std::string_view("-._~").find(c) != std::string_view::npos)) {
      unquoted.push_back(c);
      i += 2;
    } else {
      unquoted.push_back('%');
    }
  }
  return UrlQuote(unquoted, "!#$%&'()*+,/:;=?@[]~");
}

Result<std::string> PrepareUrl(std::string_view url, std::string_view params) {
  while (!url.empty() && std::isspace(static_cast<unsigned char>(url[0])) != 0)
    url.remove_prefix(1);
  if (url.find(':') != std::string_view::npos && !LowerCaseOf(url).starts_with("http")) {
    return std::string(url);  // what sends it says that it can't
  }
  const SplitUrl split = UrlSplit(url);
  if (split.scheme.empty()) {
    return PyError("MissingSchema", "Invalid URL " + PyRepr(PyValue(url)) +
                                        ": No scheme supplied. Perhaps you meant https://" +
                                        std::string(url) + "?");
  }
  // A backslash ends the authority, too.
  const size_t authority_end = std::min(split.netloc.find('\\'), split.netloc.size());
  MR_ASSIGN_OR_RETURN(const std::string authority,
                      PrepareAuthority(split.netloc.substr(0, authority_end), url));
  const std::string path_text =
      std::string(split.netloc.substr(authority_end)) + std::string(split.path);
  const std::string path_chars = std::string(kSubDelimiters) + ":@/";
  std::string path = EncodeInvalid(RemoveDots(path_text), path_chars);
  if (!path.starts_with('/')) path.insert(0, "/");
  std::string query = EncodeInvalid(split.query, path_chars + "?");
  if (!params.empty())
    query = query.empty() ? std::string(params) : query + "&" + std::string(params);
  std::string prepared = LowerCaseOf(split.scheme) + "://" + authority + path;
  if (!query.empty()) prepared += "?" + query;
  if (!split.fragment.empty()) prepared += "#" + EncodeInvalid(split.fragment, path_chars + "?");
  return RequoteUri(prepared);
}

}  // namespace millrace
