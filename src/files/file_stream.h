#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "clients/object_store/object_store.h"
#include "connector/source.h"
#include "files/file_stream_config.h"
#include "files/glob_pattern.h"
#include "files/stream_file_type.h"

namespace millrace {

/// One configured stream of a file-based source: the objects of a store that its globs match, read
/// as one table. Thread-safe.
class FileStream {
 public:
  /// As many files as Airbyte looks at to infer a schema.
  static constexpr size_t kInferredFilesMax = 10;

  /// Files last modified before `start_date` do not belong to the stream.
  FileStream(FileStreamConfig config, std::shared_ptr<ObjectStore> store,
             std::optional<WallTime> start_date);

  const FileStreamConfig& config() const { return config_; }

  /// Its files, by time and key. Blocks for I/O.
  Result<std::vector<ObjectInfo>> List() const;
  /// Config errors: there are no files; the first one can't be read.
  Status Check() const;
  /// As a catalog shows it.
  Result<Stream> Describe(std::stop_token stop) const;

  /// The columns that `configured` wants, in its order, those about the file among them.
  Result<SchemaPtr> SchemaFor(const ConfiguredStream& configured, std::stop_token stop) const;

  /// Emits the rows of one file in `schema`. A transient error when the file is no longer the one
  /// that was listed.
  Status ReadFile(const ObjectInfo& file, const ConfiguredStream& configured,
                  const SchemaPtr& schema, SourceOutput& output, std::stop_token stop) const;

 private:
  /// Without the columns about the file.
  Result<SchemaPtr> Columns(std::stop_token stop) const;
  Result<SchemaPtr> Infer(std::vector<ObjectInfo> files, std::stop_token stop) const;
  bool Matches(const ObjectInfo& file) const;
  Status CheckUnchanged(const ObjectInfo& file) const;
  std::string FileName(const ObjectInfo& file) const;

  const FileStreamConfig config_;
  const std::shared_ptr<ObjectStore> store_;
  const std::optional<WallTime> start_date_;
  const std::unique_ptr<StreamFileType> type_;
  std::vector<GlobPattern> globs_;
  mutable std::mutex mutex_;
  mutable SchemaPtr columns_;  // guarded by mutex_; inferred once in the object's life
};

}  // namespace millrace
