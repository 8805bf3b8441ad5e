#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "sources/rest/rest_node.h"

namespace millrace {

// The parts of a manifest that are written from parts of the configuration. Components of low-code
// manifests, as JSON; secrets are named by templates, not written out.

/// A component of that type, without fields yet.
Json RestComponent(std::string_view type);
/// Where a value goes in a request: `field` says the place ("query", "header" or "body"; query when
/// it is missing), `name` what it is called there.
Result<Json> RestRequestOption(const RestNode& node, std::string_view field,
                               const std::string& name);

/// `authentication` of the whole configuration; null: none.
Result<Json> RestAuthenticator(const RestNode& config);
/// What reads page after page as `pagination` says; null: there is only one.
Result<Json> RestPaginator(const RestNode& pagination);
/// `incremental` of an endpoint as a cursor. `whole`: in one window, whatever its step is (for
/// samples).
Result<Json> RestCursor(const RestNode& incremental, bool whole);

/// `text` as a literal of the template language.
std::string RestQuoted(std::string_view text);

}  // namespace millrace
