#include "lake/raw_file_destination.h"

#include <arrow/type.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "base/log.h"
#include "clients/object_store/local_store.h"
#include "connector/json_schema.h"
#include "lake/joined_file.h"
#include "lake/lake_destination.h"
#include "lake/manifest_chain.h"
#include "lake/raw_columns.h"

namespace millrace {
namespace {

constexpr const char* kFolder = "_airbyte_internal/raw";

/// Airbyte's: whatever is no ASCII letter, digit or underscore becomes an underscore.
std::string RawFileName(const ConfiguredStream& stream, const FileFormat& format) {
  std::string name = "_airbyte_raw_";
  for (const char c : stream.destination.name) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0) == 0x80) continue;  // the rest of one character
    const bool kept = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    name += kept ? c : '_';
  }
  return SafeNamePart(name) + format.Extension();
}

/// Turns rows into raw rows for the table's writer.
class RawFileWriter : public StreamWriter {
 public:
  RawFileWriter(std::string stream, RawColumns columns, std::unique_ptr<StreamWriter> table)
      : stream_(std::move(stream)), columns_(std::move(columns)), table_(std::move(table)) {}

  Status Write(const ChangeBatch& batch) override {
    MR_ASSIGN_OR_RETURN(const ChangeBatch raw, columns_.Apply(batch));
    if (columns_.changes_dropped() > 0 && !std::exchange(warned_, true)) {
      Log(LogLevel::kWarn,
          "{}: values were changed on the way (nulled or cut); raw files have no _airbyte_meta "
          "that says which",
          stream_);
    }
    return table_->Write(raw);
  }
  Status SetSchema(const SchemaPtr& schema) override {
    MR_ASSIGN_OR_RETURN(columns_, RawColumns::Make(schema));
    return table_->SetSchema(columns_.schema());
  }
  Status Truncate() override { return table_->Truncate(); }
  Result<StagedParts> Flush() override { return table_->Flush(); }

 private:
  const std::string stream_;
  RawColumns columns_;
  const std::unique_ptr<StreamWriter> table_;
  bool warned_ = false;
};

class RawFileLoad : public Load {
 public:
  RawFileLoad(std::unique_ptr<ObjectStore> store, LayoutConfig layout, FileFormat format,
              ConfiguredCatalog catalog)
      : store_(std::move(store)),
        layout_(std::move(layout)),
        format_(format),
        catalog_(std::move(catalog)) {}

  /// Adopts files that Airbyte left; then opens the tables. Once, before anything else.
  Status Open(Destination& tables, const LoadContext& context, CommitListener& listener) {
    for (const ConfiguredStream& stream : catalog_.streams) MR_RETURN_IF_ERROR(Adopt(stream));
    std::set<std::string> names;
    for (const auto& stream : catalog_.streams) names.insert(RawFileName(stream, format_));
    MR_RETURN_IF_ERROR(store_->AbortUploads(
        "_airbyte_raw_", context.started_at,
        [&](const PendingUpload& upload) { return names.contains(upload.key); }));
    MR_ASSIGN_OR_RETURN(load_, tables.OpenLoad(catalog_, context, listener));
    return Status::Ok();
  }

  Result<std::unique_ptr<StreamWriter>> OpenWriter(const ConfiguredStream& stream,
                                                   const SchemaPtr& schema, int lane) override {
    const std::string name = stream.descriptor().ToString();
    auto columns = RawColumns::Make(schema);
    if (!columns.ok()) return columns.status().WithContext(name).WithStream(stream.descriptor());
    MR_ASSIGN_OR_RETURN(auto table, load_->OpenWriter(stream, columns->schema(), lane));
    {
      std::lock_guard lock(mutex_);
      opened_.insert(stream.descriptor());
    }
    return std::unique_ptr<StreamWriter>(
        std::make_unique<RawFileWriter>(name, *std::move(columns), std::move(table)));
  }

  Status Commit(const Checkpoint& checkpoint, std::vector<StagedParts> parts) override {
    return load_->Commit(checkpoint, std::move(parts));
  }

  Status FinishStream(const StreamDescriptor& descriptor, StreamStatus status) override {
    const ConfiguredStream* stream = catalog_.Find(descriptor);
    if (stream == nullptr) return SystemError("no stream {} here", descriptor.ToString());
    if (status == StreamStatus::kComplete) MR_RETURN_IF_ERROR(EnsureOpened(*stream));
    MR_RETURN_IF_ERROR(load_->FinishStream(descriptor, status));
    return Show(*stream, status)
        .WithContext("making " + RawFileName(*stream, format_))
        .WithStream(descriptor);
  }

  bool HasCommitsOf(const StreamDescriptor& stream) const override {
    return load_->HasCommitsOf(stream);
  }
  MergeTotals TakeMergeTotals(const StreamDescriptor& stream) override {
    return load_->TakeMergeTotals(stream);
  }
  Status Close() override { return load_->Close(); }

 private:
  std::string PriorKey(const ConfiguredStream& stream) const {
    return std::string(kFolder) + "/_prior/" + RawFileName(stream, format_);
  }
  Result<Manifest> ReadManifest(const ConfiguredStream& stream) const;
  Status Adopt(const ConfiguredStream& stream);
  Status EnsureOpened(const ConfiguredStream& stream);
  Status Show(const ConfiguredStream& stream, StreamStatus status);

  const std::unique_ptr<ObjectStore> store_;
  const LayoutConfig layout_;
  const FileFormat format_;
  const ConfiguredCatalog catalog_;
  std::unique_ptr<Load> load_;  // of the hidden tables
  std::mutex mutex_;
  std::set<StreamDescriptor> opened_;  // guarded by mutex_
};

Result<Manifest> RawFileLoad::ReadManifest(const ConfiguredStream& stream) const {
  const TableLayout layout(layout_, stream.destination, format_.Extension());
  MR_ASSIGN_OR_RETURN(const auto objects, store_->List(layout.manifest_folder()));
  std::vector<std::string> keys;
  for (const ObjectInfo& object : objects) keys.push_back(object.key);
  const ManifestChain chain(*store_, layout.manifest_folder());
  const ChainEnd end = chain.FindEnd(keys);
  if (end.sequence == 0) return Manifest();
  return chain.ReadNewest(end);
}

/// A file of this name that no table of ours stands behind is Airbyte's: append goes on from it.
Status RawFileLoad::Adopt(const ConfiguredStream& stream) {
  if (stream.replaces_table()) return Status::Ok();
  const std::string name = RawFileName(stream, format_);
  MR_ASSIGN_OR_RETURN(const auto there, store_->Head(name));
  if (there == nullptr) return Status::Ok();
  MR_ASSIGN_OR_RETURN(const Manifest manifest, ReadManifest(stream));
  if (manifest.sequence > 0) return Status::Ok();
  Log(LogLevel::kInfo, "{} is there already: its rows stay", name);
  const JoinedFile copy{PriorKey(stream), PriorKey(stream) + ".note", false};
  return copy.Join(*store_, {name});
}

/// A stream that the source never opened has the columns that its catalog declares.
Status RawFileLoad::EnsureOpened(const ConfiguredStream& stream) {
  {
    std::lock_guard lock(mutex_);
    if (!opened_.insert(stream.descriptor()).second) return Status::Ok();
  }
  const SchemaPtr own = ArrowSchemaOf(*stream.stream.json_schema);
  return load_->OpenWriter(stream, RawColumns::SchemaOf(*own), 0).status();
}

Status RawFileLoad::Show(const ConfiguredStream& stream, StreamStatus status) {
  const std::string name = RawFileName(stream, format_);
  if (status == StreamStatus::kComplete && stream.replaces_table()) {
    MR_RETURN_IF_ERROR(store_->Delete({PriorKey(stream), PriorKey(stream) + ".note"}));
  }
  MR_ASSIGN_OR_RETURN(const Manifest manifest, ReadManifest(stream));
  std::vector<std::string> parts;
  MR_ASSIGN_OR_RETURN(const auto prior, store_->Head(PriorKey(stream)));
  if (prior != nullptr) parts.push_back(PriorKey(stream));
  for (const DataFile& file : manifest.files) parts.push_back(file.key);
  const bool header = format_.type == FileFormat::Type::kCsv;
  return JoinedFile{name, std::string(kFolder) + "/_joined/" + name, header}.Join(*store_, parts);
}

class RawFileDestination : public Destination {
 public:
  RawFileDestination(std::filesystem::path folder, FileFormat format)
      : folder_(std::move(folder)),
        layout_{kFolder, "${NAMESPACE}/${STREAM_NAME}/", "{part_number}{format_extension}"},
        format_(format),
        tables_(MakeLakeDestination(
            [this](const std::stop_token&) { return OpenLocalStore(folder_); }, layout_, format)) {}

  Status Check() override { return tables_->Check(); }

  Result<std::unique_ptr<Load>> OpenLoad(const ConfiguredCatalog& catalog,
                                         const LoadContext& context,
                                         CommitListener& listener) override {
    MR_RETURN_IF_ERROR(CheckCatalog(catalog));
    MR_ASSIGN_OR_RETURN(auto store, OpenLocalStore(folder_));
    auto load = std::make_unique<RawFileLoad>(std::move(store), layout_, format_, catalog);
    MR_RETURN_IF_ERROR(load->Open(*tables_, context, listener));
    return std::unique_ptr<Load>(std::move(load));
  }

 private:
  Status CheckCatalog(const ConfiguredCatalog& catalog) const {
    std::map<std::string, StreamDescriptor> stream_of_name;
    for (const ConfiguredStream& stream : catalog.streams) {
      const StreamDescriptor& descriptor = stream.descriptor();
      if (stream.deduplicates()) {
        return ConfigError(
                   "stream {}: raw files can't be deduplicated; choose incremental_append or "
                   "full_refresh_overwrite, or destination-local with Parquet",
                   descriptor.ToString())
            .WithStream(descriptor);
      }
      const std::string name = RawFileName(stream, format_);
      const auto [other, fresh] = stream_of_name.try_emplace(name, descriptor);
      if (fresh) continue;
      return ConfigError(
                 "streams {} and {} would share the file {}, which has no namespace in its name; "
                 "sync one of them by a connection with another prefix",
                 other->second.ToString(), descriptor.ToString(), name)
          .WithStream(descriptor);
    }
    return Status::Ok();
  }

  const std::filesystem::path folder_;
  const LayoutConfig layout_;
  const FileFormat format_;
  const std::unique_ptr<Destination> tables_;
};

}  // namespace

std::unique_ptr<Destination> MakeRawFileDestination(const std::filesystem::path& folder,
                                                    const FileFormat& format) {
  return std::make_unique<RawFileDestination>(folder, format);
}

}  // namespace millrace
