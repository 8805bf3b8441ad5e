#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/stream_descriptor.h"

namespace millrace::synctest {

/// Where a stream's files lie below the root of a world's tables.
std::filesystem::path TableFolder(const std::filesystem::path& root,
                                  const StreamDescriptor& stream);

/// The files below `folder` that a reader of the table sees (nothing under a name that starts with
/// '_' or '.'), as paths relative to it, sorted.
std::vector<std::string> VisibleFiles(const std::filesystem::path& folder);

/// Every row of the visible files, each as a JSON object in column order, sorted. Row ids are
/// checked to be unique and then shown as "(id)". Parquet and JSONL, the latter unpacked.
Result<std::vector<std::string>> ReadRows(const std::filesystem::path& folder);

/// "column: type" of the newest Parquet file (by name).
Result<std::vector<std::string>> ReadSchema(const std::filesystem::path& folder);

}  // namespace millrace::synctest
