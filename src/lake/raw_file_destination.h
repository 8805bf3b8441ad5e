#pragma once

#include <filesystem>
#include <memory>

#include "connector/destination.h"
#include "formats/file_format.h"

namespace millrace {

/// A destination that shows one raw file a stream below `folder`, as destination-local-json and
/// destination-csv have them: `_airbyte_raw_<stream>.jsonl` or `.csv`, with _airbyte_ab_id,
/// _airbyte_emitted_at and _airbyte_data. Rows go to a table of files in the hidden folder
/// `_airbyte_internal`, with all that lake promises of those; at the end of a stream the visible
/// file is made of the table's files and replaced in one step. `format` is uncompressed CSV or
/// JSONL without flattening. Append and overwrite; config errors name what is asked for beyond
/// that.
std::unique_ptr<Destination> MakeRawFileDestination(const std::filesystem::path& folder,
                                                    const FileFormat& format);

}  // namespace millrace
