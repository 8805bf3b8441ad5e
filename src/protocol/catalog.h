#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/stream_descriptor.h"
#include "protocol/json_field.h"

namespace millrace {

/// How a source reads a stream.
enum class SyncMode { kFullRefresh, kIncremental };
/// What a destination does with what arrives. The protocol's other values (update, soft_delete)
/// are refused by name.
enum class DestinationSyncMode { kAppend, kOverwrite, kAppendDedup, kOverwriteDedup };

/// The protocol's spellings: "full_refresh", "append_dedup" …
std::string_view ToString(SyncMode mode);
std::string_view ToString(DestinationSyncMode mode);

/// A path into a record: {"address", "city"}.
using FieldPath = std::vector<std::string>;

/// AirbyteStream: what a source offers.
struct Stream {
  StreamDescriptor descriptor;
  JsonValue json_schema;
  std::vector<SyncMode> supported_sync_modes = {SyncMode::kFullRefresh};
  bool source_defined_cursor = false;
  FieldPath default_cursor_field;
  std::vector<FieldPath> source_defined_primary_key;
  bool is_resumable = false;
  bool is_file_based = false;
};

/// AirbyteCatalog.
struct Catalog {
  std::vector<Stream> streams;
};

/// ConfiguredAirbyteStream: what is to be synced, and how. `json_schema` of `stream` holds the
/// selected columns only.
struct ConfiguredStream {
  Stream stream;
  SyncMode sync_mode = SyncMode::kFullRefresh;
  DestinationSyncMode destination_sync_mode = DestinationSyncMode::kAppend;
  FieldPath cursor_field;
  std::vector<FieldPath> primary_key;
  /// Top-level columns to keep, in the source's order; empty: all of them.
  std::vector<std::string> selected_fields;
  int64_t generation_id = 0;
  /// Generations below it are removed once this stream is COMPLETE; 0 removes none. It equals
  /// generation_id when the stream's table is being replaced.
  int64_t minimum_generation_id = 0;
  int64_t sync_id = 0;
  /// Where the destination puts it: the connection's namespace rule and prefix applied. Records,
  /// states and statuses go by stream.descriptor; only a destination reads this.
  StreamDescriptor destination;
  /// Set in streams that transform derives from another one (child tables of normalisation). They
  /// have no state of their own: the parent's checkpoints cover their rows. Never part of the
  /// protocol's catalog.
  std::optional<StreamDescriptor> derived_from;
  /// Top-level columns of a derived stream. In the deduplicating modes a change of a parent
  /// replaces every stored row that has the same values in them; see ChangeBatch::replaces.
  std::vector<std::string> replace_by;

  /// Of a full refresh: an earlier attempt left a state of this generation, and this one goes on
  /// there. Never part of the protocol's catalog.
  bool goes_on = false;
  /// Of a full refresh: what it commits on the way is kept, hidden, for an attempt that goes on.
  /// RunSync sets it; never part of the protocol's catalog.
  bool in_steps = false;

  /// Whether commits outlive an attempt that ends before the stream does.
  bool keeps_commits() const { return sync_mode == SyncMode::kIncremental || in_steps; }
  /// Whether this attempt goes on where the last saved state is, rather than from the start.
  bool continues() const { return sync_mode == SyncMode::kIncremental || goes_on; }
  bool deduplicates() const {
    return destination_sync_mode == DestinationSyncMode::kAppendDedup ||
           destination_sync_mode == DestinationSyncMode::kOverwriteDedup;
  }
  const StreamDescriptor& descriptor() const { return stream.descriptor; }
  /// True when this sync writes a new generation that will replace every older one.
  bool replaces_table() const {
    return minimum_generation_id > 0 && minimum_generation_id == generation_id;
  }
};

/// ConfiguredAirbyteCatalog.
struct ConfiguredCatalog {
  std::vector<ConfiguredStream> streams;

  const ConfiguredStream* Find(const StreamDescriptor& descriptor) const;
};

Json ToJson(const Catalog& catalog);
Json ToJson(const ConfiguredCatalog& catalog);
/// Config errors name the stream and the field.
Result<Catalog> CatalogFromJson(const Json& json);
Result<ConfiguredCatalog> ConfiguredCatalogFromJson(const Json& json);

/// {"name": …, "namespace": …}, without a namespace that is not there.
Json ToJson(const StreamDescriptor& descriptor);
Result<StreamDescriptor> StreamDescriptorFromJson(const Json& json);

}  // namespace millrace
