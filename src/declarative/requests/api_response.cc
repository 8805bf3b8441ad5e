#include "declarative/requests/api_response.h"

#include <algorithm>
#include <cctype>
#include <utility>
#include <vector>

#include "base/lower_case.h"

namespace millrace {
namespace {

std::string_view Strip(std::string_view text, std::string_view characters) {
  const size_t begin = text.find_first_not_of(characters);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(characters) - begin + 1);
}

/// "<url>; rel=next; title=x" as a dict with url and the parameters.
PyDict ParseLink(std::string_view text) {
  const size_t semicolon = text.find(';');
  PyDict link;
  link.Set("url", Strip(text.substr(0, semicolon), "<> '\""));
  std::string_view rest =
      semicolon == std::string_view::npos ? std::string_view() : text.substr(semicolon + 1);
  while (!rest.empty()) {
    const size_t end = std::min(rest.find(';'), rest.size());
    const std::string_view parameter = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const size_t equals = parameter.find('=');
    // Anything but one key and one value ends the list, as in requests.
    if (equals == std::string_view::npos ||
        parameter.find('=', equals + 1) != std::string_view::npos)
      break;
    link.Set(Strip(parameter.substr(0, equals), " '\""),
             PyValue(Strip(parameter.substr(equals + 1), " '\"")));
  }
  return link;
}

/// The entries of a Link header by rel (else by URL).
PyDict ParseLinks(std::string_view header) {
  PyDict links;
  header = Strip(header, " '\"");
  while (!header.empty()) {
    // Entries are parted by ", <", with any number of spaces.
    size_t end = header.size();
    size_t next = header.size();
    for (size_t comma = header.find(','); comma != std::string_view::npos;
         comma = header.find(',', comma + 1)) {
      const size_t bracket = header.find_first_not_of(' ', comma + 1);
      if (bracket != std::string_view::npos && header[bracket] == '<') {
        end = comma;
        next = bracket + 1;
        break;
      }
    }
    PyDict link = ParseLink(header.substr(0, end));
    header.remove_prefix(next);
    const PyValue* rel = std::as_const(link).Find(std::string_view("rel"));
    const std::string key = rel != nullptr && !rel->str().empty()
                                ? rel->str()
                                : std::as_const(link).Find(std::string_view("url"))->str();
    links.Set(std::string_view(key), PyValue(std::move(link)));
  }
  return links;
}

std::string CapitalLetters(std::string_view name) {
  std::string words = LowerCaseOf(name);
  bool first = true;
  for (char& c : words) {
    if (first) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    first = c == '-';
  }
  return words;
}

std::string FromLatin1(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      text.push_back(c);
    } else {
      text.push_back(static_cast<char>(0xC0 | (byte >> 6)));
      text.push_back(static_cast<char>(0x80 | (byte & 0x3F)));
    }
  }
  return text;
}

}  // namespace

std::string_view ApiResponse::Header(std::string_view name) const {
  const std::string wanted = LowerCaseOf(name);
  for (const auto& [key, value] : headers) {
    if (LowerCaseOf(key) == wanted) return value;
  }
  return {};
}

PyValue ApiResponse::HeadersForPagination() const {
  PyDict dict;
  for (const auto& [name, value] : headers) dict.Set(std::string_view(name), PyValue(value));
  dict.Set("link", PyValue(ParseLinks(Header("link"))));
  return dict;
}

PyValue ApiResponse::HeadersForFilters() const {
  PyDict dict;
  for (const auto& [name, value] : headers) {
    dict.Set(std::string_view(name), PyValue(value));
    dict.Set(std::string_view(LowerCaseOf(name)), PyValue(value));
    dict.Set(std::string_view(CapitalLetters(name)), PyValue(value));
  }
  return dict;
}

std::string ApiResponse::Text() const {
  const std::string type = LowerCaseOf(Header("content-type"));
  const size_t named = type.find("charset=");
  if (named == std::string::npos) {
    return type.find("text") == std::string::npos ? body : FromLatin1(body);
  }
  const std::string_view charset =
      Strip(std::string_view(type).substr(named + 8, type.find(';', named) - named - 8), " '\"");
  const bool latin = charset == "iso-8859-1" || charset == "latin-1" || charset == "latin1" ||
                     charset == "windows-1252" || charset == "cp1252";
  return latin ? FromLatin1(body) : body;
}

}  // namespace millrace
