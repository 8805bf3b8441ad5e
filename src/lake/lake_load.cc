#include "lake/lake_load.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/log.h"
#include "lake/table.h"
#include "lake/table_merge.h"
#include "lake/table_writer.h"
#include "lake/upload_claims.h"
#include "lake/writer_lock.h"

namespace millrace {
namespace {

constexpr std::string_view kLocks = "locks/";

class LakeLoad : public Load {
 public:
  LakeLoad(std::unique_ptr<ObjectStore> store, LayoutConfig layout, FileFormat format,
           const DedupOptions& dedup, const ConfiguredCatalog& catalog, const LoadContext& context,
           CommitListener& listener)
      : store_(std::move(store)),
        layout_(std::move(layout)),
        format_(std::move(format)),
        dedup_(dedup),
        catalog_(catalog),
        context_(context),
        listener_(listener) {}

  /// Recovers every table. Once, before anything else.
  Status Open();

  Result<std::unique_ptr<StreamWriter>> OpenWriter(const ConfiguredStream& stream,
                                                   const SchemaPtr& schema, int lane) override;
  Status Commit(const Checkpoint& checkpoint, std::vector<StagedParts> parts) override;
  Status FinishStream(const StreamDescriptor& stream, StreamStatus status) override;
  bool HasCommitsOf(const StreamDescriptor& stream) const override {
    const auto found = tables_.find(stream);
    return found != tables_.end() && found->second->HasCommits();
  }
  MergeTotals TakeMergeTotals(const StreamDescriptor& stream) override;
  Status Close() override;

 private:
  Result<Table*> Find(const StreamDescriptor& stream);
  Status CommitTables(CheckpointId checkpoint, const std::vector<StagedParts>& parts);
  /// Keeps other attempts from merging into the same tables, where the store can't.
  Status TakeLock();
  /// Aborts uploads that an attempt before this one left behind.
  Status CleanUp(UploadClaims& claims);

  const std::unique_ptr<ObjectStore> store_;
  const LayoutConfig layout_;
  const FileFormat format_;
  const DedupOptions dedup_;
  const ConfiguredCatalog catalog_;  // the tables refer to its streams
  const LoadContext context_;
  CommitListener& listener_;
  std::map<StreamDescriptor, std::unique_ptr<Table>> tables_;  // fixed after Open
  std::unique_ptr<WriterLock> lock_;                           // null: nothing is merged
  std::optional<Status> failed_;                               // of the first commit that did
};

Status LakeLoad::TakeLock() {
  LockText text{context_.connection, context_.fencing_token, {}};
  for (const ConfiguredStream& stream : catalog_.streams) {
    if (!stream.deduplicates()) continue;
    text.tables.push_back(
        TableLayout(layout_, stream.destination, format_.Extension()).manifest_folder());
  }
  if (text.tables.empty()) return Status::Ok();
  MR_ASSIGN_OR_RETURN(
      lock_,
      WriterLock::Take(*store_, InternalFolderOf(layout_) + std::string(kLocks), std::move(text)));
  return Status::Ok();
}

Status LakeLoad::Open() {
  MR_RETURN_IF_ERROR(TakeLock());
  // One listing serves all tables: their newest manifests.
  MR_ASSIGN_OR_RETURN(const auto objects, store_->List(InternalFolderOf(layout_) + "tables/"));
  std::map<std::string, std::vector<std::string>> keys_of_folder;
  std::map<std::string, std::vector<ObjectInfo>> objects_of_folder;
  for (const ObjectInfo& object : objects) {
    const std::string folder = object.key.substr(0, object.key.rfind('/') + 1);
    keys_of_folder[folder].push_back(object.key);
    objects_of_folder[folder].push_back(object);
  }
  for (const ConfiguredStream& stream : catalog_.streams) {
    auto table = std::make_unique<Table>(*store_, layout_, format_, dedup_, stream, context_);
    const ChainEnd end = table->chain().FindEnd(keys_of_folder[table->layout().manifest_folder()]);
    Status status = table->Recover(end);
    if (status.ok()) status = table->RemoveLeftOvers(objects_of_folder[table->staged_folder()]);
    if (!status.ok()) {
      return status.WithContext("opening table " + stream.destination.ToString())
          .WithStream(stream.descriptor());
    }
    tables_[stream.descriptor()] = std::move(table);
  }
  UploadClaims claims(*store_, InternalFolderOf(layout_) + "connections/", context_.connection,
                      context_.started_at);
  std::vector<KeyPattern> names;
  for (const auto& [stream, table] : tables_) names.push_back(table->layout().pattern());
  MR_RETURN_IF_ERROR(claims.Claim(names));
  return CleanUp(claims);
}

Status LakeLoad::CleanUp(UploadClaims& claims) {
  const std::string internal = InternalFolderOf(layout_);
  const std::string prefix = internal.substr(0, internal.rfind("_airbyte_internal/"));
  const std::string locks = internal + std::string(kLocks);
  return store_->AbortUploads(prefix, context_.started_at, [&](const PendingUpload& upload) {
    // Whoever was taking a lock when we started has long taken it, or died.
    bool ours = upload.key == claims.key() || upload.key.starts_with(locks);
    for (const auto& [stream, table] : tables_) {
      if (table->Keeps(upload.key)) return false;
      ours = ours || table->layout().pattern().Matches(upload.key) ||
             upload.key.starts_with(table->layout().manifest_folder());
    }
    return ours && !claims.MayBeAnothers(upload.key);
  });
}

Result<Table*> LakeLoad::Find(const StreamDescriptor& stream) {
  const auto found = tables_.find(stream);
  if (found == tables_.end()) {
    return SystemError("stream {} is not in the catalog of this load", stream.ToString());
  }
  return found->second.get();
}

Result<std::unique_ptr<StreamWriter>> LakeLoad::OpenWriter(const ConfiguredStream& stream,
                                                           const SchemaPtr& schema, int lane) {
  MR_ASSIGN_OR_RETURN(Table * table, Find(stream.descriptor()));
  return MakeTableWriter(*table, schema, lane);
}

Status LakeLoad::CommitTables(CheckpointId checkpoint, const std::vector<StagedParts>& parts) {
  std::map<StreamDescriptor, std::vector<FinishedFile>> files;
  for (const StagedParts& part : parts) {
    std::vector<FinishedFile> more = FinishedFilesOf(part);
    auto& of_stream = files[part.stream];
    of_stream.insert(of_stream.end(), std::make_move_iterator(more.begin()),
                     std::make_move_iterator(more.end()));
  }
  for (const auto& [stream, finished] : files) {
    MR_ASSIGN_OR_RETURN(Table * table, Find(stream));
    if (Status status = table->Commit(checkpoint, finished); !status.ok()) {
      return status.WithContext("committing files of " + stream.ToString()).WithStream(stream);
    }
  }
  return Status::Ok();
}

Status LakeLoad::Commit(const Checkpoint& checkpoint, std::vector<StagedParts> parts) {
  Status status = failed_ ? *failed_ : Status::Ok();
  if (status.ok() && lock_ != nullptr) status = lock_->Check();
  if (status.ok()) status = CommitTables(checkpoint.id, parts);
  if (status.ok()) {
    listener_.Committed(checkpoint.id);
  } else {
    failed_ = status;
    listener_.CommitFailed(checkpoint.id, status);
  }
  return status;
}

Status LakeLoad::FinishStream(const StreamDescriptor& stream, StreamStatus status) {
  MR_ASSIGN_OR_RETURN(Table * table, Find(stream));
  if (lock_ != nullptr) MR_RETURN_IF_ERROR(lock_->Check().WithStream(stream));
  return table->Finish(status)
      .WithContext("finishing table " + table->stream().destination.ToString())
      .WithStream(stream);
}

MergeTotals LakeLoad::TakeMergeTotals(const StreamDescriptor& stream) {
  const auto table = tables_.find(stream);
  return table == tables_.end() ? MergeTotals{} : table->second->TakeMergeTotals();
}

Status LakeLoad::Close() {
  Status first;
  for (const auto& [stream, table] : tables_) {
    if (Status status = table->Close(); !status.ok() && first.ok()) first = status;
  }
  return first;
}

}  // namespace

Status CheckLakeCatalog(const ConfiguredCatalog& catalog, const LayoutConfig& layout,
                        const FileFormat& format) {
  std::map<std::string, StreamDescriptor> stream_of_key;
  for (const ConfiguredStream& stream : catalog.streams) {
    if (stream.deduplicates()) {
      MR_RETURN_IF_ERROR(CheckDedupStream(stream, format).WithStream(stream.descriptor()));
    }
    const std::string key =
        TableLayout(layout, stream.destination, format.Extension()).ExampleKey();
    const auto [other, fresh] = stream_of_key.emplace(key, stream.descriptor());
    if (!fresh) {
      return ConfigError(
          "streams {} and {} would share the same files; put ${{NAMESPACE}} and ${{STREAM_NAME}} "
          "into s3_path_format or, where they differ only in characters that no file name holds, "
          "leave one of them out",
          other->second.ToString(), stream.descriptor().ToString());
    }
  }
  return Status::Ok();
}

Result<std::unique_ptr<Load>> OpenLakeLoad(std::unique_ptr<ObjectStore> store,
                                           const LayoutConfig& layout, const FileFormat& format,
                                           const DedupOptions& dedup,
                                           const ConfiguredCatalog& catalog,
                                           const LoadContext& context, CommitListener& listener) {
  MR_RETURN_IF_ERROR(CheckLakeCatalog(catalog, layout, format));
  auto load = std::make_unique<LakeLoad>(std::move(store), layout, format, dedup, catalog, context,
                                         listener);
  MR_RETURN_IF_ERROR(load->Open());
  return std::unique_ptr<Load>(std::move(load));
}

}  // namespace millrace
