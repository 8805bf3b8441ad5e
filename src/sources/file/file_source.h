#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "connector/source.h"
#include "files/file_input.h"
#include "files/file_table.h"
#include "sources/file/file_config.h"

namespace millrace {

/// One file as one stream. It is surveyed once in the source's life, by whichever call needs it
/// first; a file that lies where its parts can be had apart is read in pieces, in parallel.
class FileSource : public PartitionedSource {
 public:
  FileSource(FileConfig config, std::unique_ptr<FileInput> input);

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
  /// The table, surveyed.
  Result<FileTable*> Table(std::stop_token stop);
  /// A transient error when the file is no longer the one that was surveyed.
  Status CheckUnchanged();
  Status CheckStream(const StreamDescriptor& stream) const;
  Status ReadStream(const ConfiguredStream& stream, SourceOutput& output, std::stop_token stop);
  Status ReadPiece(FileTable& table, int64_t piece, const ConfiguredStream& stream,
                   SourceOutput& output, std::stop_token stop);

  const FileConfig config_;
  const std::unique_ptr<FileInput> input_;
  std::mutex mutex_;
  std::unique_ptr<FileTable> table_;  // guarded by mutex_ until it was surveyed, as is what follows
  FileFacts surveyed_;
};

/// The entry of cli/builtin_connectors.cc.
Result<std::unique_ptr<Source>> MakeFileSource(const Json& config);

}  // namespace millrace
