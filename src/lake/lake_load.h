#pragma once

#include <memory>

#include "clients/object_store/object_store.h"
#include "connector/destination.h"
#include "formats/file_format.h"
#include "lake/dedup_options.h"
#include "lake/table_layout.h"

namespace millrace {

/// Opens one attempt's writing of tables made of files: refuses what can't work (two streams
/// with the same files, a deduplicated one without a key), then recovers each table and cleans up
/// after attempts that died. `listener`, and what `context` points to, outlive the load.
Result<std::unique_ptr<Load>> OpenLakeLoad(std::unique_ptr<ObjectStore> store,
                                           const LayoutConfig& layout, const FileFormat& format,
                                           const DedupOptions& dedup,
                                           const ConfiguredCatalog& catalog,
                                           const LoadContext& context, CommitListener& listener);

/// A config error for what a destination of files can't do with this catalog.
Status CheckLakeCatalog(const ConfiguredCatalog& catalog, const LayoutConfig& layout,
                        const FileFormat& format);

}  // namespace millrace
