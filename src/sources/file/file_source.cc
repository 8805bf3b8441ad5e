#include "sources/file/file_source.h"

#include <arrow/type.h>

#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "connector/json_schema.h"
#include "connector/read_in_turn.h"
#include "sources/file/file_location.h"
#include "sources/file/open_table.h"

namespace millrace {
namespace {

/// The columns that the catalog asks for; empty: all.
std::set<std::string> WantedColumns(const ConfiguredStream& stream) {
  std::set<std::string> wanted(stream.selected_fields.begin(), stream.selected_fields.end());
  if (!wanted.empty()) return wanted;
  const Json& schema = *stream.stream.json_schema;
  const auto properties = schema.find("properties");
  if (properties == schema.end() || !properties->is_object()) return wanted;
  for (const auto& [name, property] : properties->items()) wanted.insert(name);
  return wanted;
}

SchemaPtr Select(const SchemaPtr& schema, const std::set<std::string>& wanted) {
  if (wanted.empty()) return schema;
  arrow::FieldVector fields;
  for (const auto& field : schema->fields()) {
    if (wanted.contains(field->name())) fields.push_back(field);
  }
  return arrow::schema(std::move(fields));
}

StateMessage EndState(const StreamDescriptor& stream) {
  return StateMessage::OfStream(stream, Json{{"__ab_no_cursor_state_message", true}});
}

}  // namespace

FileSource::FileSource(FileConfig config, std::unique_ptr<FileInput> input)
    : config_(std::move(config)), input_(std::move(input)) {}

Result<FileTable*> FileSource::Table(std::stop_token stop) {
  std::lock_guard lock(mutex_);
  if (table_ != nullptr) return table_.get();
  MR_ASSIGN_OR_RETURN(surveyed_, input_->Stat());
  MR_ASSIGN_OR_RETURN(std::unique_ptr<FileTable> table, OpenFileTable(config_, *input_));
  if (Status surveyed = table->Survey(stop); !surveyed.ok()) {
    return surveyed.WithContext("reading " + input_->name());
  }
  table_ = std::move(table);
  return table_.get();
}

Status FileSource::Check() {
  // The first bytes prove that the file is there and may be read; what they say, a sync tells.
  MR_ASSIGN_OR_RETURN(const FileFacts facts, input_->Stat());
  if (facts.size == 0) return ConfigError("{} is empty", input_->name());
  MR_ASSIGN_OR_RETURN(const std::unique_ptr<ByteReader> reader, input_->Open(0, 1));
  char first = 0;
  MR_ASSIGN_OR_RETURN(const int64_t got, reader->Read(&first, 1));
  if (got == 0) return ConfigError("{} is empty", input_->name());
  MR_ASSIGN_OR_RETURN(const std::unique_ptr<FileTable> table, OpenFileTable(config_, *input_));
  return Status::Ok();
}

Result<Catalog> FileSource::Discover() {
  MR_ASSIGN_OR_RETURN(FileTable* const table, Table({}));
  Stream stream;
  stream.descriptor.name = config_.dataset_name;
  stream.json_schema = JsonSchemaOf(*table->schema());
  Catalog catalog;
  catalog.streams.push_back(std::move(stream));
  return catalog;
}

Status FileSource::CheckUnchanged() {
  MR_ASSIGN_OR_RETURN(const FileFacts now, input_->Stat());
  if (now.version == surveyed_.version && now.size == surveyed_.size) return Status::Ok();
  // What was appended since belongs to the next sync.
  if (surveyed_.may_grow && now.size > surveyed_.size) return Status::Ok();
  return TransientError("{} has changed while it was read: read it again once it is complete",
                        input_->name());
}

Status FileSource::CheckStream(const StreamDescriptor& stream) const {
  if (stream.name == config_.dataset_name && !stream.name_space) return Status::Ok();
  return ConfigError("source-file has no stream {}; its only one is {} (dataset_name)",
                     stream.ToString(), config_.dataset_name);
}

Status FileSource::ReadPiece(FileTable& table, int64_t piece, const ConfiguredStream& stream,
                             SourceOutput& output, std::stop_token stop) {
  const RowSink sink = [&](ChangeBatch batch) -> Status {
    if (stop.stop_requested()) return Status::Canceled();
    return output.Emit(stream.descriptor(), std::move(batch), Deadline::Never());
  };
  const Status read = table.Read(piece, WantedColumns(stream), sink, stop);
  if (!read.ok() && !read.failed()) return read;
  // A file that was replaced in between is the likelier reason of whatever failed.
  MR_RETURN_IF_ERROR(CheckUnchanged());
  return read.failed() ? read.WithContext("reading " + input_->name()) : read;
}

Status FileSource::ReadStream(const ConfiguredStream& stream, SourceOutput& output,
                              std::stop_token stop) {
  MR_RETURN_IF_ERROR(CheckStream(stream.descriptor()));
  MR_ASSIGN_OR_RETURN(FileTable* const table, Table(stop));
  MR_RETURN_IF_ERROR(
      output.Open(stream.descriptor(), Select(table->schema(), WantedColumns(stream))));
  if (table->row_count() >= 0) {
    output.ReportEstimate(stream.descriptor(), table->row_count(), std::nullopt);
  }
  for (int64_t piece = 0; piece < table->piece_count(); ++piece) {
    MR_RETURN_IF_ERROR(ReadPiece(*table, piece, stream, output, stop));
  }
  return output.Checkpoint(EndState(stream.descriptor()));
}

Status FileSource::Read(const ConfiguredCatalog& catalog, const State& resume_from,
                        SourceOutput& output, std::stop_token stop) {
  (void)resume_from;  // a full refresh begins at the beginning
  return ReadInTurn(catalog, output, [&](const ConfiguredStream& stream) {
    return ReadStream(stream, output, stop);
  });
}

Result<std::vector<Partition>> FileSource::Split(const ConfiguredStream& stream,
                                                 const State& resume_from) {
  (void)resume_from;
  MR_RETURN_IF_ERROR(CheckStream(stream.descriptor()));
  MR_ASSIGN_OR_RETURN(FileTable* const table, Table({}));
  std::vector<Partition> partitions;
  if (table->piece_count() < 2) return partitions;
  for (int64_t piece = 0; piece < table->piece_count(); ++piece) {
    partitions.push_back({stream.descriptor(), std::to_string(piece), Json{{"piece", piece}}});
  }
  return partitions;
}

Status FileSource::ReadPartition(const ConfiguredStream& stream, const Partition& partition,
                                 SourceOutput& output, std::stop_token stop) {
  MR_ASSIGN_OR_RETURN(FileTable* const table, Table(stop));
  const int64_t piece = partition.spec->value("piece", int64_t{-1});
  if (piece < 0 || piece >= table->piece_count()) {
    return ConfigError("reading {}: the file has changed since it was split", input_->name());
  }
  MR_RETURN_IF_ERROR(
      output.Open(stream.descriptor(), Select(table->schema(), WantedColumns(stream))));
  return ReadPiece(*table, piece, stream, output, stop);
}

Result<StateMessage> FileSource::StateAfter(const ConfiguredStream& stream,
                                            const std::vector<std::string>& done) {
  (void)done;
  return EndState(stream.descriptor());
}

Result<std::unique_ptr<Source>> MakeFileSource(const Json& config) {
  MR_ASSIGN_OR_RETURN(FileConfig parsed, ParseFileConfig(config));
  MR_ASSIGN_OR_RETURN(std::unique_ptr<FileInput> input, OpenLocation(parsed));
  return std::make_unique<FileSource>(std::move(parsed), std::move(input));
}

}  // namespace millrace
