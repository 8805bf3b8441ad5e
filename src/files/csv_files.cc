#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "connector/number_type.h"
#include "files/schemaless_rows.h"
#include "files/stream_file_type.h"
#include "formats/csv_layout.h"
#include "formats/csv_reader.h"
#include "formats/csv_row_reader.h"
#include "formats/number_text.h"

namespace millrace {
namespace {

/// What every value of a column can be read as, as Airbyte infers it: of several the first counts.
enum Meaning : uint8_t { kBoolean = 1, kInteger = 2, kDecimal = 4 };

std::shared_ptr<arrow::DataType> TypeOf(uint8_t meanings, bool any) {
  if (!any) return arrow::utf8();
  if ((meanings & kBoolean) != 0) return arrow::boolean();
  if ((meanings & kInteger) != 0) return arrow::int64();
  if ((meanings & kDecimal) != 0) return number();
  return arrow::utf8();
}

/// A column of all files, and what every value of it can be read as so far.
struct Seen {
  std::string name;
  uint8_t meanings = kBoolean | kInteger | kDecimal;
  bool any = false;
};

class CsvFiles : public StreamFileType {
 public:
  explicit CsvFiles(const StreamFileFormat& format) : format_(format) {}

  Result<SchemaPtr> Infer(const std::vector<std::unique_ptr<FileInput>>& files,
                          std::stop_token stop) const override {
    std::vector<Seen> columns;
    for (const auto& file : files) {
      if (Status added = AddSample(*file, columns, stop); !added.ok()) {
        return added.WithContext("reading " + file->name());
      }
    }
    arrow::FieldVector fields;
    for (const Seen& column : columns) {
      fields.push_back(arrow::field(column.name, TypeOf(column.meanings, column.any)));
    }
    return arrow::schema(std::move(fields));
  }

  Status Read(FileInput& file, const WantedColumns& wanted, const FileRowSink& sink,
              std::stop_token stop) const override {
    MR_ASSIGN_OR_RETURN(const TextInput text, TextInput::Make(format_.text, file));
    MR_ASSIGN_OR_RETURN(const CsvLayout layout, LayoutOf(text));
    std::vector<CsvColumn> columns;
    for (size_t at = 0; at < layout.names.size(); ++at) {
      const std::string& name = layout.names[at];
      if (wanted.wrapped || wanted.all || wanted.schema->GetFieldIndex(name) >= 0) {
        columns.push_back({name, static_cast<int>(at), arrow::utf8()});
      }
    }
    MR_ASSIGN_OR_RETURN(const std::unique_ptr<ByteReader> bytes, text.Open(layout.data_offset, -1));
    MR_ASSIGN_OR_RETURN(const auto reader, CsvReader::Make(*bytes, format_.csv, std::move(columns),
                                                           layout.names.size(), layout.data_line));
    while (!stop.stop_requested()) {
      ChangeBatch batch;
      MR_ASSIGN_OR_RETURN(batch.rows, reader->Next());
      if (batch.rows == nullptr) {
        if (reader->bad_lines() > 0) {
          Log(LogLevel::kWarn, "{}: {} rows with a wrong number of fields were left out",
              file.name(), reader->bad_lines());
        }
        return Status::Ok();
      }
      if (wanted.wrapped) {
        MR_ASSIGN_OR_RETURN(batch, WrapRows(batch));
      }
      MR_RETURN_IF_ERROR(sink(batch, {}));
    }
    return Status::Canceled();
  }

 private:
  Result<CsvLayout> LayoutOf(const TextInput& text) const {
    return ReadCsvLayout([&text](int64_t offset) { return text.Open(offset, -1); }, format_.csv);
  }

  /// Looks at the values at the beginning of a file.
  Status AddSample(FileInput& file, std::vector<Seen>& columns, std::stop_token stop) const {
    MR_ASSIGN_OR_RETURN(const TextInput text, TextInput::Make(format_.text, file));
    MR_ASSIGN_OR_RETURN(const CsvLayout layout, LayoutOf(text));
    std::vector<size_t> places;  // of this file's columns among those of all
    for (const std::string& name : layout.names) {
      const auto known = std::find_if(columns.begin(), columns.end(),
                                      [&](const Seen& column) { return column.name == name; });
      places.push_back(static_cast<size_t>(known - columns.begin()));
      if (known == columns.end()) columns.push_back({name});
    }
    if (!format_.infers_types) return Status::Ok();
    MR_ASSIGN_OR_RETURN(const std::unique_ptr<ByteReader> bytes, text.Open(layout.data_offset, -1));
    CsvRowReader rows(*bytes, format_.csv.dialect, layout.data_line);
    std::string scratch;
    while (rows.next_offset() < kSampleBytes && !stop.stop_requested()) {
      MR_ASSIGN_OR_RETURN(const bool more, rows.Next());
      if (!more) break;
      const auto fields = rows.fields();
      for (size_t at = 0; at < fields.size() && at < places.size(); ++at) {
        const std::string_view value = ValueOf(rows, fields[at], scratch);
        if (format_.meanings.nulls.contains(value)) continue;
        Seen& column = columns[places[at]];
        column.any = true;
        column.meanings = static_cast<uint8_t>(column.meanings & MeaningsOf(value));
      }
    }
    return stop.stop_requested() ? Status::Canceled() : Status::Ok();
  }

  static std::string_view ValueOf(const CsvRowReader& rows, const CsvField& field,
                                  std::string& scratch) {
    return field.form == CsvField::Form::kCoded ? rows.Decode(field, scratch) : field.raw;
  }

  uint8_t MeaningsOf(std::string_view value) const {
    uint8_t meanings = 0;
    // No word that stands for a boolean is longer than what anybody writes.
    std::string lower(value.substr(0, 64));
    for (char& c : lower) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    if (format_.meanings.true_values.contains(lower) ||
        format_.meanings.false_values.contains(lower)) {
      meanings = kBoolean;
    }
    if (ParseInt64(value)) return meanings | kInteger | kDecimal;
    if (IsDecimalNumber(value)) meanings |= kDecimal;
    return meanings;
  }

  const StreamFileFormat format_;
};

}  // namespace

std::unique_ptr<StreamFileType> MakeCsvFiles(const StreamFileFormat& format) {
  return std::make_unique<CsvFiles>(format);
}

}  // namespace millrace
