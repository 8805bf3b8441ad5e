#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "clients/http/http_message.h"
#include "declarative/jinja/py_value.h"

namespace millrace {

/// A reply, with the request it answers. Shared by a page's decoder, extractors and paginator; not
/// changed once made.
struct ApiResponse {
  int status = 0;
  std::string reason;   ///< the status line's words; HTTP/2 has none
  HttpHeaders headers;  ///< each name once; values of repeated ones joined by ", "
  std::string body;     ///< transfer coding undone
  std::string url;      ///< of the request that was answered last (redirects followed)
  /// Content-Encoding was undone, too. False: a streaming decoder does it, who asked for that.
  bool decoded = true;
  bool from_cache = false;

  /// What requests calls ok, and true in Python.
  bool ok() const { return status < 400; }
  /// Empty when there is none, whatever the name's case.
  std::string_view Header(std::string_view name) const;
  /// A dict whose keys keep their case, and `link`: a dict of the Link header's entries by rel.
  PyValue HeadersForPagination() const;
  /// A dict for error filters and back-off: names are found as the server wrote them, in lower
  /// case and with Capital-Letters.
  PyValue HeadersForFilters() const;
  /// requests' `text` in UTF-8: a charset that the server names, Latin-1 for other text.
  std::string Text() const;
};

}  // namespace millrace
