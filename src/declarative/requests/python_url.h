#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace millrace {

// URLs as Python's urllib.parse and requests read and write them; servers see the difference.

/// urlsplit(): any part may be empty. Views of the text that was split.
struct SplitUrl {
  std::string_view scheme, netloc, path, query, fragment;

  /// netloc without user and port, in lower case, brackets of IPv6 addresses taken off.
  std::string Host() const;
  /// The port's digits; empty when there is none.
  std::string_view Port() const;
};
SplitUrl UrlSplit(std::string_view url);

/// urljoin().
std::string UrlJoin(std::string_view base, std::string_view url);

/// quote() of UTF-8: what is neither unreserved nor in `safe` becomes %XX.
std::string UrlQuote(std::string_view text, std::string_view safe);
/// quote_plus(): as forms are encoded.
std::string UrlQuotePlus(std::string_view text);
/// unquote_plus().
std::string UrlUnquotePlus(std::string_view text);
/// parse_qsl(): pairs whose value is empty are left out.
std::vector<std::pair<std::string, std::string>> ParseQuery(std::string_view query);

/// The URL that requests makes of what it is given: `params` is an encoded query to add (maybe
/// empty), names beyond ASCII are encoded. The failure is a PyError: MissingSchema, InvalidURL,
/// InvalidSchema.
Result<std::string> PrepareUrl(std::string_view url, std::string_view params);
/// requests' requote_uri().
std::string RequoteUri(std::string_view url);

}  // namespace millrace
