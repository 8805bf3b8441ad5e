#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/stream_descriptor.h"
#include "protocol/catalog.h"

namespace millrace {

// A connection's syncCatalog, as the config API has it: {"streams": [{"stream", "config"}]}.

/// The protocol's catalog in the config API's form: each stream with a configuration that would
/// sync all of it, selected. Config errors as CatalogFromJson.
Result<Json> SyncCatalogOf(const Json& catalog);

/// Of an entry of a catalog that kept its rules (NormalizeSyncCatalog).
StreamDescriptor DescriptorOf(const Json& entry);
bool IsSelected(const Json& entry);
/// Null when there is none.
const Json* FindEntry(const Json& catalog, const StreamDescriptor& stream);
/// The one of that name, when its namespace was left out and only one comes into question.
const Json* FindEntryByName(const Json& catalog, const StreamDescriptor& stream);

/// What the entry's cursor and key are: its own, else the source's.
FieldPath CursorOf(const Json& entry);
std::vector<FieldPath> PrimaryKeyOf(const Json& entry);

/// A field of a document; null when it is absent or the document is no object.
const Json& FieldOf(const Json& document, std::string_view name);
/// A list of texts, and a list of lists; what isn't text is left out.
FieldPath FieldPathOf(const Json& json);
std::vector<FieldPath> FieldPathsOf(const Json& json);
/// The names of the columns that a JSON schema declares.
std::set<std::string> ColumnsOf(const Json& schema);

}  // namespace millrace
