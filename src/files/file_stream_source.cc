#include "files/file_stream_source.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/log.h"
#include "connector/read_in_turn.h"
#include "files/file_history.h"

namespace millrace {
namespace {

// A partition is worth its reader from here on, and small files share one.
constexpr int64_t kPartitionBytes = 32 << 20;
constexpr size_t kPartitionFilesMax = 256;

/// A state is written after so many bytes of files, whatever the history's size.
constexpr int64_t kCheckpointBytes = 64 << 20;
/// Otherwise a state of n files is written every n / 64 files: states cost what files cost.
constexpr size_t kCheckpointShare = 64;

Json ToSpec(const ObjectInfo& file) {
  return Json{{"key", file.key},
              {"size", file.size},
              {"modified_us", file.last_modified.time_since_epoch().count()},
              {"etag", file.etag}};
}

Result<std::vector<ObjectInfo>> FilesOfSpec(const Json& spec) {
  std::vector<ObjectInfo> files;
  const auto found = spec.find("files");
  if (found == spec.end() || !found->is_array()) {
    return SystemError("no partition of files: {}", spec.dump());
  }
  for (const Json& json : *found) {
    const int64_t modified = json.value("modified_us", int64_t{0});
    files.push_back({json.value("key", ""), json.value("size", int64_t{0}),
                     WallTime(std::chrono::microseconds(modified)), json.value("etag", "")});
  }
  return files;
}

StateMessage EndOfFullRefresh(const StreamDescriptor& stream) {
  return StateMessage::OfStream(stream, Json{{"__ab_no_cursor_state_message", true}});
}

}  // namespace

FileStreamSource::FileStreamSource(std::string name, std::shared_ptr<ObjectStore> store,
                                   std::vector<FileStreamConfig> streams,
                                   std::optional<WallTime> start_date, const Clock& clock)
    : name_(std::move(name)), store_(std::move(store)), clock_(clock) {
  for (FileStreamConfig& stream : streams) {
    streams_.push_back(std::make_unique<FileStream>(std::move(stream), store_, start_date));
  }
}

Result<const FileStream*> FileStreamSource::Find(const StreamDescriptor& stream) const {
  std::vector<std::string> names;
  for (const auto& known : streams_) {
    if (known->config().name == stream.name && !stream.name_space) return known.get();
    names.push_back(known->config().name);
  }
  return ConfigError("{} has no stream {}; its configuration has {}", name_, stream.ToString(),
                     fmt::join(names, ", "));
}

Status FileStreamSource::Check() {
  for (const auto& stream : streams_) MR_RETURN_IF_ERROR(stream->Check());
  return Status::Ok();
}

Result<Catalog> FileStreamSource::Discover() {
  Catalog catalog;
  for (const auto& stream : streams_) {
    MR_ASSIGN_OR_RETURN(Stream described, stream->Describe({}));
    catalog.streams.push_back(std::move(described));
  }
  return catalog;
}

Status FileStreamSource::ReadNew(const FileStream& files, const ConfiguredStream& stream,
                                 const Json* state, const SchemaPtr& schema, SourceOutput& output,
                                 std::stop_token stop) {
  FileHistory history(files.config().days_if_history_is_full, clock_.WallNow());
  if (state != nullptr) MR_RETURN_IF_ERROR(history.Load(*state));
  if (history.full()) {
    Log(LogLevel::kWarn,
        "stream {}: its history holds {} files, the most there may be: an older file is read only "
        "if it has changed within {} days, and then by every sync",
        files.config().name, FileHistory::kFilesMax, files.config().days_if_history_is_full);
  }
  MR_ASSIGN_OR_RETURN(std::vector<ObjectInfo> wanted, files.List());
  std::erase_if(wanted, [&](const ObjectInfo& file) { return !history.Wants(file); });
  int64_t bytes_left = 0;
  for (const ObjectInfo& file : wanted) bytes_left += file.size;
  output.ReportEstimate(stream.descriptor(), std::nullopt, bytes_left);

  size_t uncovered = 0;
  int64_t uncovered_bytes = 0;
  for (const ObjectInfo& file : wanted) {
    MR_RETURN_IF_ERROR(files.ReadFile(file, stream, schema, output, stop));
    history.Add(file.key, file.last_modified);
    ++uncovered;
    uncovered_bytes += file.size;
    if (uncovered < history.size() / kCheckpointShare && uncovered_bytes < kCheckpointBytes) {
      continue;
    }
    MR_RETURN_IF_ERROR(
        output.Checkpoint(StateMessage::OfStream(stream.descriptor(), history.ToState())));
    uncovered = 0;
    uncovered_bytes = 0;
  }
  if (uncovered == 0 && !wanted.empty()) return Status::Ok();
  return output.Checkpoint(StateMessage::OfStream(stream.descriptor(), history.ToState()));
}

Status FileStreamSource::ReadStream(const ConfiguredStream& stream, const State& resume_from,
                                    SourceOutput& output, std::stop_token stop) {
  MR_ASSIGN_OR_RETURN(const FileStream* const files, Find(stream.descriptor()));
  MR_ASSIGN_OR_RETURN(const SchemaPtr schema, files->SchemaFor(stream, stop));
  MR_RETURN_IF_ERROR(output.Open(stream.descriptor(), schema));
  if (stream.sync_mode == SyncMode::kIncremental) {
    return ReadNew(*files, stream, resume_from.Find(stream.descriptor()), schema, output, stop);
  }
  MR_ASSIGN_OR_RETURN(const std::vector<ObjectInfo> all, files->List());
  for (const ObjectInfo& file : all) {
    MR_RETURN_IF_ERROR(files->ReadFile(file, stream, schema, output, stop));
  }
  return output.Checkpoint(EndOfFullRefresh(stream.descriptor()));
}

Status FileStreamSource::Read(const ConfiguredCatalog& catalog, const State& resume_from,
                              SourceOutput& output, std::stop_token stop) {
  return ReadInTurn(catalog, output, [&](const ConfiguredStream& stream) {
    return ReadStream(stream, resume_from, output, stop);
  });
}

Result<std::vector<Partition>> FileStreamSource::Split(const ConfiguredStream& stream,
                                                       const State& resume_from) {
  (void)resume_from;
  std::vector<Partition> partitions;
  // An incremental read has states on its way, which partitions can't have.
  if (stream.sync_mode != SyncMode::kFullRefresh) return partitions;
  const auto found = Find(stream.descriptor());
  if (!found.ok()) return found.status().WithStream(stream.descriptor());
  const auto listed = (*found)->List();
  if (!listed.ok()) return listed.status().WithStream(stream.descriptor());
  Json files = Json::array();
  int64_t bytes = 0;
  const auto close = [&] {
    const std::string id = files.front()["key"].get<std::string>();
    partitions.push_back({stream.descriptor(), id, Json{{"files", std::move(files)}}});
    files = Json::array();
    bytes = 0;
  };
  for (const ObjectInfo& file : *listed) {
    files.push_back(ToSpec(file));
    bytes += file.size;
    if (bytes >= kPartitionBytes || files.size() >= kPartitionFilesMax) close();
  }
  if (!files.empty()) close();
  if (partitions.size() < 2) partitions.clear();
  return partitions;
}

Status FileStreamSource::ReadPartition(const ConfiguredStream& stream, const Partition& partition,
                                       SourceOutput& output, std::stop_token stop) {
  MR_ASSIGN_OR_RETURN(const FileStream* const files, Find(stream.descriptor()));
  MR_ASSIGN_OR_RETURN(const std::vector<ObjectInfo> mine, FilesOfSpec(*partition.spec));
  MR_ASSIGN_OR_RETURN(const SchemaPtr schema, files->SchemaFor(stream, stop));
  MR_RETURN_IF_ERROR(output.Open(stream.descriptor(), schema));
  for (const ObjectInfo& file : mine) {
    MR_RETURN_IF_ERROR(files->ReadFile(file, stream, schema, output, stop));
  }
  return Status::Ok();
}

Result<StateMessage> FileStreamSource::StateAfter(const ConfiguredStream& stream,
                                                  const std::vector<std::string>& done) {
  (void)done;
  return EndOfFullRefresh(stream.descriptor());
}

}  // namespace millrace
