#include "sources/file/json_table.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <optional>
#include <utility>

#include "base/parallel_parts.h"
#include "formats/json_reader.h"
#include "sources/file/text_cuts.h"

namespace millrace {
namespace {

JsonDocuments::Layout LayoutOf(const FileConfig& config) {
  const bool lines =
      config.options.json_lines.value_or(config.format == SourceFileFormat::kJsonLines);
  return lines ? JsonDocuments::Layout::kLines : JsonDocuments::Layout::kText;
}

}  // namespace

JsonTable::JsonTable(const FileConfig& config, TextInput text)
    : layout_(LayoutOf(config)), rows_max_(config.options.rows_max), text_(std::move(text)) {}

Status JsonTable::Survey(std::stop_token stop) {
  MR_ASSIGN_OR_RETURN(const int64_t data, text_.DataOffset());
  std::vector<int64_t> starts = {data};
  if (layout_ == JsonDocuments::Layout::kLines && text_.ranged() && rows_max_ < 0) {
    MR_ASSIGN_OR_RETURN(starts, CutAtLineBreaks(text_, data));
  }
  const auto survey = [&](size_t part, int64_t first_line) -> Result<JsonSurvey> {
    const int64_t size = part + 1 < starts.size() ? starts[part + 1] - starts[part] : -1;
    MR_ASSIGN_OR_RETURN(const std::unique_ptr<ByteReader> reader, text_.Open(starts[part], size));
    return SurveyJson(*reader, layout_, first_line, rows_max_, stop);
  };
  std::vector<std::optional<Result<JsonSurvey>>> surveys(starts.size());
  ForEachPart(static_cast<int64_t>(starts.size()), [&](int64_t part) {
    surveys[static_cast<size_t>(part)] = survey(static_cast<size_t>(part), 1);
  });
  JsonInference all;
  int64_t line = 1;
  for (size_t part = 0; part < starts.size(); ++part) {
    if (!surveys[part]->ok()) {
      // Once more, with the line that the part begins on, for a message that tells it.
      if (surveys[part]->status().failed() && part > 0) surveys[part] = survey(part, line);
      MR_RETURN_IF_ERROR(surveys[part]->status());
    }
    const JsonSurvey& found = **surveys[part];
    const int64_t size = part + 1 < starts.size() ? starts[part + 1] - starts[part] : -1;
    if (found.inference.rows() > 0) pieces_.push_back({starts[part], size, line});
    all.Merge(found.inference);
    line += found.end_line - 1;
    surveys[part].reset();
  }
  rows_ = all.rows();
  schema_ = all.Schema();
  return Status::Ok();
}

Status JsonTable::Read(int64_t piece, const std::set<std::string>& columns, const RowSink& sink,
                       std::stop_token stop) {
  const Piece& what = pieces_[static_cast<size_t>(piece)];
  arrow::FieldVector fields;
  for (const auto& field : schema_->fields()) {
    if (columns.empty() || columns.contains(field->name())) fields.push_back(field);
  }
  MR_ASSIGN_OR_RETURN(const std::unique_ptr<ByteReader> reader, text_.Open(what.begin, what.size));
  MR_ASSIGN_OR_RETURN(const std::unique_ptr<JsonReader> rows,
                      JsonReader::Make(*reader, layout_, arrow::schema(std::move(fields)),
                                       what.first_line, rows_max_));
  while (!stop.stop_requested()) {
    MR_ASSIGN_OR_RETURN(ChangeBatch batch, rows->Next());
    if (batch.rows == nullptr) return Status::Ok();
    MR_RETURN_IF_ERROR(sink(std::move(batch)));
  }
  return Status::Canceled();
}

}  // namespace millrace
