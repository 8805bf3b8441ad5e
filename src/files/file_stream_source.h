#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "clients/object_store/object_store.h"
#include "connector/source.h"
#include "files/file_stream.h"

namespace millrace {

/// Streams of files in an object store, in the way of Airbyte's file-based sources: what a source
/// of files is but for its configuration and its store.
///
/// A full refresh is read in partitions, some files each. An incremental read goes through the new
/// and changed files in the order of their times; its state, between two files, is the history of
/// those that were read, so an interrupted read goes on with the next file.
class FileStreamSource : public PartitionedSource {
 public:
  /// `name` for messages: "source-s3".
  FileStreamSource(std::string name, std::shared_ptr<ObjectStore> store,
                   std::vector<FileStreamConfig> streams, std::optional<WallTime> start_date,
                   const Clock& clock);

  Status Check() override;
  Result<Catalog> Discover() override;
  Status Read(const ConfiguredCatalog& catalog, const State& resume_from, SourceOutput& output,
              std::stop_token stop) override;

  Result<std::vector<Partition>> Split(const ConfiguredStream& stream,
                                       const State& resume_from) override;
  Status ReadPartition(const ConfiguredStream& stream, const Partition& partition,
                       SourceOutput& output, std::stop_token stop) override;
  Result<StateMessage> StateAfter(const ConfiguredStream& stream,
                                  const std::vector<std::string>& done) override;

 private:
  Result<const FileStream*> Find(const StreamDescriptor& stream) const;
  Status ReadStream(const ConfiguredStream& stream, const State& resume_from, SourceOutput& output,
                    std::stop_token stop);
  Status ReadNew(const FileStream& files, const ConfiguredStream& stream, const Json* state,
                 const SchemaPtr& schema, SourceOutput& output, std::stop_token stop);

  const std::string name_;
  const std::shared_ptr<ObjectStore> store_;
  const Clock& clock_;
  std::vector<std::unique_ptr<FileStream>> streams_;
};

}  // namespace millrace
