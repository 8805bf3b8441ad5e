#include "sources/file/csv_table.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "base/log.h"
#include "base/parallel_parts.h"
#include "formats/csv_reader.h"
#include "sources/file/text_cuts.h"

namespace millrace {

CsvTable::CsvTable(const FileConfig& config, TextInput text)
    : options_(config.options.csv), text_(std::move(text)) {}

Result<CsvSurvey> CsvTable::SurveyPart(int64_t begin, int64_t bytes, int64_t first_line,
                                       std::stop_token stop) const {
  MR_ASSIGN_OR_RETURN(const std::unique_ptr<ByteReader> reader, text_.Open(begin, -1));
  return SurveyCsv(*reader, options_, layout_.names.size(), first_line, bytes, stop);
}

void CsvTable::Keep(const CsvSurvey& survey, int64_t begin, int64_t first_line) {
  for (size_t at = 0; at < kinds_.size(); ++at) {
    kinds_[at] = static_cast<uint8_t>(kinds_[at] | survey.kinds[at]);
  }
  rows_ += survey.rows;
  if (survey.rows > 0) pieces_.push_back({begin, begin + survey.end_offset, first_line});
}

Status CsvTable::SurveyParts(std::stop_token stop) {
  constexpr int64_t kToTheEnd = std::numeric_limits<int64_t>::max();
  // A bound on rows counts from the top: such a file is read in one piece.
  std::vector<int64_t> starts = {layout_.data_offset};
  if (text_.ranged() && options_.rows_max < 0) {
    MR_ASSIGN_OR_RETURN(starts, CutAtLineBreaks(text_, layout_.data_offset));
  }
  const auto bytes_from = [&](int64_t offset, size_t part) {
    return part + 1 < starts.size() ? starts[part + 1] - offset : kToTheEnd;
  };
  std::vector<std::optional<Result<CsvSurvey>>> surveys(starts.size());
  ForEachPart(static_cast<int64_t>(starts.size()), [&](int64_t part) {
    const size_t at = static_cast<size_t>(part);
    surveys[at] = SurveyPart(starts[at], bytes_from(starts[at], at), 1, stop);
  });
  int64_t offset = layout_.data_offset;
  int64_t line = layout_.data_line;
  for (size_t part = 0; part < starts.size(); ++part) {
    const int64_t bytes = bytes_from(offset, part);
    if (bytes <= 0) continue;  // a row before goes over all of it
    std::optional<Result<CsvSurvey>>& found = surveys[part];
    if (starts[part] != offset || !found->ok()) {
      // The guess was wrong; or it was right and the error needs its true line.
      found = SurveyPart(offset, bytes, line, stop);
      if (!found->ok()) return found->status();
      (*found)->end_line -= line - 1;
    }
    const CsvSurvey& survey = **found;
    Keep(survey, offset, line);
    offset += survey.end_offset;
    line += survey.end_line - 1;
  }
  return Status::Ok();
}

Status CsvTable::Survey(std::stop_token stop) {
  MR_ASSIGN_OR_RETURN(
      layout_, ReadCsvLayout([this](int64_t offset) { return text_.Open(offset, -1); }, options_));
  kinds_.assign(layout_.names.size(), 0);
  MR_RETURN_IF_ERROR(SurveyParts(stop));
  MR_ASSIGN_OR_RETURN(columns_, CsvColumnsOf(layout_, kinds_, options_));
  arrow::FieldVector fields;
  for (const CsvColumn& column : columns_) {
    fields.push_back(arrow::field(column.name, column.type));
  }
  schema_ = arrow::schema(std::move(fields));
  return Status::Ok();
}

Status CsvTable::Read(int64_t piece, const std::set<std::string>& columns, const RowSink& sink,
                      std::stop_token stop) {
  const Piece& what = pieces_[static_cast<size_t>(piece)];
  std::vector<CsvColumn> wanted;
  for (const CsvColumn& column : columns_) {
    if (columns.empty() || columns.contains(column.name)) wanted.push_back(column);
  }
  MR_ASSIGN_OR_RETURN(const std::unique_ptr<ByteReader> reader,
                      text_.Open(what.begin, what.end - what.begin));
  MR_ASSIGN_OR_RETURN(
      const std::unique_ptr<CsvReader> rows,
      CsvReader::Make(*reader, options_, std::move(wanted), layout_.names.size(), what.first_line));
  while (!stop.stop_requested()) {
    MR_ASSIGN_OR_RETURN(std::shared_ptr<arrow::RecordBatch> batch, rows->Next());
    if (batch == nullptr) {
      if (rows->bad_lines() > 0) {
        Log(LogLevel::kWarn, "{} rows with too many fields were left out (on_bad_lines)",
            rows->bad_lines());
      }
      return Status::Ok();
    }
    ChangeBatch changes;
    changes.rows = std::move(batch);
    MR_RETURN_IF_ERROR(sink(std::move(changes)));
  }
  return Status::Canceled();
}

}  // namespace millrace
