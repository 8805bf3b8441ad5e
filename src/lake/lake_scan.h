#pragma once

#include <memory>
#include <string>
#include <vector>

#include "clients/object_store/object_store.h"
#include "connector/readable_destination.h"
#include "formats/file_format.h"
#include "lake/table_layout.h"

namespace millrace {

/// Reads back a table made of files: the visible files of its newest manifest, as they are now.
/// Parquet only: config errors name another format, and a table that is not there. `format` and
/// `layout` are those that the table was written with.
Result<std::unique_ptr<TableScan>> OpenLakeScan(std::unique_ptr<ObjectStore> store,
                                                const LayoutConfig& layout,
                                                const FileFormat& format,
                                                const ConfiguredStream& stream,
                                                const std::vector<std::string>& columns);

}  // namespace millrace
