#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/stream_descriptor.h"
#include "protocol/json_field.h"

namespace millrace {

/// A syncCatalog after the changes of its source were taken over. A plain value.
struct Propagation {
  JsonValue catalog;
  /// The part of the diff that was taken over, as CatalogDiff.
  JsonValue applied;
  /// Selected incremental streams that have gained columns: with backfillPreference enabled, their
  /// states are forgotten, so that the columns are filled for old rows too.
  std::vector<StreamDescriptor> gained_columns;
};

/// Takes a diff that isn't breaking over. `streams_too`: new streams are added, selected, in the
/// best mode that both ends can do (deduplicated incremental, else overwrite …), and streams that
/// are gone are taken out; without it only columns change. `destination_modes` empty: not known.
/// Pure.
Propagation PropagateChanges(const Json& configured, const Json& offered, const Json& diff,
                             bool streams_too, const std::vector<std::string>& destination_modes);

/// What is offered, with the configuration of what is configured; the rest is not selected. For a
/// person to choose from. Pure.
Json MergeOffered(const Json& configured, const Json& offered);

}  // namespace millrace
