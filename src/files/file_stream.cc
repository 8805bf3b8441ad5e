#include "files/file_stream.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>

#include "base/log.h"
#include "connector/json_schema.h"
#include "connector/number_type.h"
#include "files/file_history.h"
#include "files/schemaless_rows.h"

namespace millrace {
namespace {

bool IsFileColumn(const std::string& name) {
  return name == kFileTimeColumn || name == kFileUrlColumn;
}

SchemaPtr WithFileColumns(const SchemaPtr& columns) {
  arrow::FieldVector fields;
  for (const auto& field : columns->fields()) {
    if (!IsFileColumn(field->name())) fields.push_back(field);
  }
  fields.push_back(arrow::field(kFileTimeColumn, arrow::utf8()));
  fields.push_back(arrow::field(kFileUrlColumn, arrow::utf8()));
  return arrow::schema(std::move(fields));
}

SchemaPtr WithoutFileColumns(const SchemaPtr& schema) {
  arrow::FieldVector fields;
  for (const auto& field : schema->fields()) {
    if (!IsFileColumn(field->name())) fields.push_back(field);
  }
  return arrow::schema(std::move(fields));
}

/// Records of JSON text have their objects as they were written, whatever is declared of what
/// stands in them: a key that nobody has declared is not lost.
arrow::FieldVector WithObjectsAsText(const arrow::FieldVector& declared) {
  const auto holds_objects = [](const arrow::DataType& type) {
    const arrow::DataType* inner = &type;
    while (inner->id() == arrow::Type::LIST) inner = inner->field(0)->type().get();
    return inner->id() == arrow::Type::STRUCT;
  };
  arrow::FieldVector fields = declared;
  for (auto& field : fields) {
    if (!holds_objects(*field->type())) continue;
    field = DeclareSchema(arrow::field(field->name(), json_text()), *field->type());
  }
  return fields;
}

/// The prefixes to list for these globs: none begins with another.
std::vector<std::string> Prefixes(const std::vector<GlobPattern>& globs,
                                  const std::string& legacy_prefix) {
  std::vector<std::string> all;
  for (const GlobPattern& glob : globs) {
    for (const std::string& prefix : glob.prefixes()) {
      // Of the two the longer one, unless they exclude each other: then nothing matches.
      if (prefix.starts_with(legacy_prefix)) {
        all.push_back(prefix);
      } else if (legacy_prefix.starts_with(prefix)) {
        all.push_back(legacy_prefix);
      }
    }
  }
  std::sort(all.begin(), all.end());
  std::vector<std::string> kept;
  for (std::string& prefix : all) {
    if (kept.empty() || !prefix.starts_with(kept.back())) kept.push_back(std::move(prefix));
  }
  return kept;
}

}  // namespace

FileStream::FileStream(FileStreamConfig config, std::shared_ptr<ObjectStore> store,
                       std::optional<WallTime> start_date)
    : config_(std::move(config)),
      store_(std::move(store)),
      start_date_(start_date),
      type_(MakeStreamFileType(config_.format)) {
  for (const std::string& glob : config_.globs) globs_.emplace_back(glob);
}

std::string FileStream::FileName(const ObjectInfo& file) const {
  return fmt::format("{}/{}", store_->Name(), file.key);
}

bool FileStream::Matches(const ObjectInfo& file) const {
  if (start_date_ && file.last_modified < *start_date_) return false;
  if (!file.key.starts_with(config_.legacy_prefix)) return false;
  return std::any_of(globs_.begin(), globs_.end(),
                     [&](const GlobPattern& glob) { return glob.Matches(file.key); });
}

Result<std::vector<ObjectInfo>> FileStream::List() const {
  std::vector<ObjectInfo> files;
  for (const std::string& prefix : Prefixes(globs_, config_.legacy_prefix)) {
    MR_ASSIGN_OR_RETURN(std::vector<ObjectInfo> listed, store_->List(prefix));
    for (ObjectInfo& file : listed) {
      if (Matches(file)) files.push_back(std::move(file));
    }
  }
  std::sort(files.begin(), files.end(), [](const ObjectInfo& a, const ObjectInfo& b) {
    return std::tie(a.last_modified, a.key) < std::tie(b.last_modified, b.key);
  });
  return files;
}

Status FileStream::Check() const {
  MR_ASSIGN_OR_RETURN(std::vector<ObjectInfo> files, List());
  if (files.empty()) {
    return ConfigError("stream {}: no file of {} matches its globs ({}){}", config_.name,
                       store_->Name(), fmt::join(config_.globs, ", "),
                       start_date_ ? " and is as new as start_date" : "");
  }
  files.erase(files.begin(), files.end() - 1);
  MR_ASSIGN_OR_RETURN(const SchemaPtr schema, Infer(std::move(files), {}));
  return Status::Ok();
}

Result<SchemaPtr> FileStream::Infer(std::vector<ObjectInfo> files, std::stop_token stop) const {
  const size_t most =
      config_.recent_files > 0 ? static_cast<size_t>(config_.recent_files) : kInferredFilesMax;
  if (files.size() > most) {
    Log(LogLevel::kInfo, "stream {}: its columns are those of the {} newest of {} files",
        config_.name, most, files.size());
    files.erase(files.begin(), files.end() - static_cast<ptrdiff_t>(most));
  }
  std::erase_if(files, [](const ObjectInfo& file) { return file.size == 0; });
  std::vector<std::unique_ptr<FileInput>> inputs;
  for (const ObjectInfo& file : files) inputs.push_back(MakeListedInput(store_, file));
  const auto inferred = type_->Infer(inputs, stop);
  if (!inferred.ok()) return inferred.status().WithContext("stream " + config_.name);
  return *inferred;
}

Result<SchemaPtr> FileStream::Columns(std::stop_token stop) const {
  if (config_.schemaless) return SchemalessSchema();
  if (config_.input_schema != nullptr) return config_.input_schema;
  std::lock_guard lock(mutex_);
  if (columns_ != nullptr) return columns_;
  MR_ASSIGN_OR_RETURN(std::vector<ObjectInfo> files, List());
  if (files.empty()) {
    Log(LogLevel::kWarn, "stream {}: no file of {} matches its globs; it has the column 'data'",
        config_.name, store_->Name());
    return SchemalessSchema();
  }
  MR_ASSIGN_OR_RETURN(columns_, Infer(std::move(files), stop));
  return columns_;
}

Result<Stream> FileStream::Describe(std::stop_token stop) const {
  Stream stream;
  stream.descriptor.name = config_.name;
  MR_ASSIGN_OR_RETURN(const SchemaPtr columns, Columns(stop));
  stream.json_schema = JsonSchemaOf(*WithFileColumns(columns));
  stream.supported_sync_modes = {SyncMode::kFullRefresh, SyncMode::kIncremental};
  stream.source_defined_cursor = true;
  stream.default_cursor_field = {kFileTimeColumn};
  if (!config_.primary_key.empty()) {
    if (columns->GetFieldIndex(config_.primary_key) < 0) {
      return ConfigError("stream {}: primary_key names the column '{}', which its files lack",
                         config_.name, config_.primary_key);
    }
    stream.source_defined_primary_key = {{config_.primary_key}};
  }
  stream.is_resumable = true;
  return stream;
}

Result<SchemaPtr> FileStream::SchemaFor(const ConfiguredStream& configured,
                                        std::stop_token stop) const {
  const SchemaPtr declared = ArrowSchemaOf(*configured.stream.json_schema);
  const bool typed = config_.format.type == StreamFileFormat::Type::kCsv ||
                     config_.format.type == StreamFileFormat::Type::kJsonl || config_.schemaless ||
                     config_.input_schema != nullptr;
  if (typed && declared->num_fields() > 0) {
    return arrow::schema(WithObjectsAsText(declared->fields()));
  }
  // Files that know their types may know better ones than JSON schema has words for.
  MR_ASSIGN_OR_RETURN(const SchemaPtr columns, Columns(stop));
  const SchemaPtr found = WithFileColumns(columns);
  if (declared->num_fields() == 0) return found;
  arrow::FieldVector fields = declared->fields();
  for (auto& field : fields) {
    const auto same = found->GetFieldByName(field->name());
    if (same == nullptr) continue;
    if (ArrowTypeOf(JsonSchemaOf(*same->type()))->Equals(*field->type())) field = same;
  }
  return arrow::schema(std::move(fields));
}

Status FileStream::CheckUnchanged(const ObjectInfo& file) const {
  MR_ASSIGN_OR_RETURN(const std::unique_ptr<ObjectInfo> now, store_->Head(file.key));
  if (now == nullptr) return TransientError("{} was deleted while it was read", FileName(file));
  if (now->etag == file.etag && now->size == file.size) return Status::Ok();
  return TransientError("{} has changed while it was read: the next sync reads it again",
                        FileName(file));
}

Status FileStream::ReadFile(const ObjectInfo& file, const ConfiguredStream& configured,
                            const SchemaPtr& schema, SourceOutput& output,
                            std::stop_token stop) const {
  const StreamDescriptor& stream = configured.descriptor();
  RowFitter::Rules rules;
  rules.policy = config_.policy;
  // Columns that the user left out are no surprise.
  rules.unknown_columns_matter = configured.selected_fields.empty();
  if (config_.format.type == StreamFileFormat::Type::kCsv)
    rules.meanings = &config_.format.meanings;
  RowFitter fitter(schema, rules, file.key, FileTimeText(file.last_modified));

  WantedColumns wanted;
  wanted.schema = WithoutFileColumns(schema);
  wanted.wrapped = config_.schemaless;
  if (!config_.schemaless && config_.input_schema == nullptr &&
      wanted.schema->Equals(*SchemalessSchema())) {
    // Either the stream had no file when it was discovered, or its files do have such a column.
    MR_ASSIGN_OR_RETURN(const SchemaPtr columns, Columns(stop));
    wanted.wrapped = columns->GetFieldIndex(kSchemalessColumn) < 0;
  }
  wanted.all = config_.policy != ValidationPolicy::kEmit && rules.unknown_columns_matter;
  const FileRowSink sink = [&](const ChangeBatch& batch,
                               const std::vector<int64_t>& undeclared) -> Status {
    if (stop.stop_requested()) return Status::Canceled();
    MR_ASSIGN_OR_RETURN(ChangeBatch fitted, fitter.Fit(batch, undeclared));
    if (fitted.num_rows() == 0) return Status::Ok();
    return output.Emit(stream, std::move(fitted), Deadline::Never());
  };
  Status read;
  if (file.size > 0) {
    const std::unique_ptr<FileInput> input = MakeListedInput(store_, file);
    read = type_->Read(*input, wanted, sink, stop);
  }
  if (!read.ok() && !read.failed()) return read;
  // A file that was replaced in between is the likelier reason of whatever failed.
  MR_RETURN_IF_ERROR(CheckUnchanged(file));
  if (read.failed()) return read.WithContext("reading " + FileName(file));
  if (fitter.skipped_rows() > 0) {
    Log(LogLevel::kWarn,
        "{}: {} records do not fit the schema and were left out (validation_policy)",
        FileName(file), fitter.skipped_rows());
  }
  return Status::Ok();
}

}  // namespace millrace
