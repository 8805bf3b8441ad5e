#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/status.h"
#include "base/stream_descriptor.h"
#include "protocol/json_field.h"

namespace millrace {

/// What a syncCatalog is held against. A plain value.
struct CatalogKnowledge {
  /// What the source offers, in the config API's form; none: it wasn't asked yet, so that modes,
  /// keys and cursors are taken as they come, and the first sync says what is wrong with them.
  std::optional<JsonValue> offered;
  /// Streams that the connection has already: it may keep those that the source has lost.
  std::set<StreamDescriptor> had;
  /// The destination's modes; empty: not known.
  std::vector<std::string> destination_modes;
};

/// Brings a syncCatalog into its full form and checks it. What an entry leaves out is filled in:
/// the stream's facts from what the source offers (and the namespace, when only one stream has that
/// name), `selected` true, lists [], modes full_refresh and overwrite (incremental: append). Config
/// errors name the stream and say what to do; a selected stream that the source doesn't offer is
/// one, unless the connection had it; those of a stream that isn't selected are let pass.
Status NormalizeSyncCatalog(const CatalogKnowledge& known, Json* catalog);

}  // namespace millrace
