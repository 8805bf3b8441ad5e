#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "declarative/jinja/py_value.h"

namespace millrace {

/// Python's urljoin, which stands with those who send requests.
using UrlJoiner = std::string (*)(std::string_view base, std::string_view url);

/// A resolved manifest in which every HttpRequester has the fields of today: `url` for url_base and
/// path, `request_body` for request_body_json and request_body_data (but for templates). What was
/// done is noted under metadata.applied_migrations. Templates of dynamic streams stay as they are;
/// so does the whole manifest when one requester can't be migrated. Shares no dict with the
/// manifest when it differs.
PyValue MigrateManifest(const PyValue& resolved, UrlJoiner join_url, const Clock& clock);

}  // namespace millrace
