#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/stream_descriptor.h"
#include "connector/destination.h"

namespace millrace::synctest {

/// Where the tables of one world lie, and what a reader who knows nothing of Millrace sees there.
/// Empty at first, shared with no other world; the product's destination writes into it.
class TablePlace {
 public:
  virtual ~TablePlace() = default;

  /// `format`: the destination's field, or empty for its default; `deletion`: "Hard delete" or
  /// "Soft delete".
  virtual Result<std::unique_ptr<Destination>> MakeDestination(const Json& format,
                                                               const std::string& deletion) = 0;

  /// Every row of a table, each as a JSON object in column order, sorted; none when there is no
  /// table. Row ids are checked to be unique and shown as "(id)".
  virtual Result<std::vector<std::string>> Rows(const StreamDescriptor& stream) = 0;
  /// "column: type" of a table (of its newest file).
  virtual Result<std::vector<std::string>> Schema(const StreamDescriptor& stream) = 0;
  /// What a listing shows.
  virtual Result<std::vector<std::string>> Files() = 0;
};

/// The kinds of places by name: "local", "s3", "postgres". `folder` is the world's own; its name
/// tells the world's tables apart on servers that several worlds share.
Result<std::unique_ptr<TablePlace>> OpenPlace(const std::string& kind,
                                              const std::filesystem::path& folder);

std::unique_ptr<TablePlace> OpenLocalPlace(const std::filesystem::path& folder);
Result<std::unique_ptr<TablePlace>> OpenS3Place(const std::filesystem::path& folder);
Result<std::unique_ptr<TablePlace>> OpenPostgresPlace(const std::filesystem::path& folder);

/// Starts the server that the kind needs, for this process and its children (which find it in
/// their environment). It ends with the process. Nothing to do for "local".
Status StartServerFor(const std::string& kind);

}  // namespace millrace::synctest
