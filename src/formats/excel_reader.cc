#include "formats/excel_reader.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "formats/batch_bounds.h"
#include "formats/column_builder.h"
#include "formats/csv_layout.h"
#include "formats/csv_values.h"
#include "formats/value_text.h"

namespace millrace {
namespace {

using CellKind = XlsxCell::Kind;

/// What a column's cells are, as a set.
enum ExcelKind : uint8_t {
  kWhole = 1,
  kFraction = 2,
  kLogical = 4,
  kMoment = 8,
  kDaytime = 16,
  kWords = 32
};

constexpr double kWholeMax = 9'007'199'254'740'992;  // 2^53: doubles hold every integer up to it

ExcelKind KindOf(const XlsxCell& cell) {
  switch (cell.kind) {
    case CellKind::kNumber:
      return std::trunc(cell.number) == cell.number && std::abs(cell.number) <= kWholeMax
                 ? kWhole
                 : kFraction;
    case CellKind::kBool:
      return kLogical;
    case CellKind::kTimestamp:
      return kMoment;
    case CellKind::kTime:
      return kDaytime;
    case CellKind::kText:
      break;
  }
  return kWords;
}

std::shared_ptr<arrow::DataType> TypeOf(uint8_t kinds) {
  switch (kinds) {
    case kWhole:
      return arrow::int64();
    case kFraction:
    case kFraction | kWhole:
      return arrow::float64();
    case kLogical:
      return arrow::boolean();
    case kMoment:
      return arrow::timestamp(arrow::TimeUnit::MICRO);
    case kDaytime:
      return arrow::time64(arrow::TimeUnit::MICRO);
    default:
      return arrow::utf8();
  }
}

/// The cell as text, for columns of several kinds.
std::string TextOf(const XlsxCell& cell) {
  std::string text;
  switch (cell.kind) {
    case CellKind::kText:
      return cell.text;
    case CellKind::kNumber:
      if (KindOf(cell) == kWhole) return fmt::format("{}", static_cast<int64_t>(cell.number));
      AppendDouble(cell.number, text);
      return text;
    case CellKind::kBool:
      return cell.micros != 0 ? "true" : "false";
    case CellKind::kTimestamp:
      AppendTimestamp(cell.micros, arrow::TimeUnit::MICRO, false, text);
      return text;
    case CellKind::kTime:
      AppendTime(cell.micros, arrow::TimeUnit::MICRO, text);
      return text;
  }
  return text;
}

void Append(const XlsxCell& cell, ColumnBuilder& builder) {
  switch (builder.storage()) {
    case ColumnBuilder::Storage::kBool:
      return builder.AppendBool(cell.micros != 0);
    case ColumnBuilder::Storage::kDouble:
      return builder.AppendDouble(cell.number);
    case ColumnBuilder::Storage::kInt64:
      return builder.AppendInt64(cell.kind == CellKind::kNumber ? static_cast<int64_t>(cell.number)
                                                                : cell.micros);
    default:
      return builder.AppendText(TextOf(cell));
  }
}

bool IsNull(const XlsxCell& cell, const CsvValues& values) {
  return cell.kind == CellKind::kText && values.IsNull(cell.text);
}

}  // namespace

Status ExcelSheet::FindSheet(const ExcelOptions& options) {
  const auto& sheets = workbook_.sheets();
  if (options.sheet_name) {
    std::vector<std::string> names;
    for (const XlsxWorkbook::Sheet& sheet : sheets) {
      if (sheet.name == *options.sheet_name) part_ = sheet.part;
      names.push_back(sheet.name);
    }
    if (!part_.empty()) return Status::Ok();
    return ConfigError("the workbook has no sheet '{}'; it has {}", *options.sheet_name,
                       fmt::join(names, ", "));
  }
  if (options.sheet_index < 0 || options.sheet_index >= static_cast<int>(sheets.size())) {
    return ConfigError("the workbook has {} sheets: number {} (from 0) is none of them",
                       sheets.size(), options.sheet_index);
  }
  part_ = sheets[static_cast<size_t>(options.sheet_index)].part;
  return Status::Ok();
}

bool ExcelSheet::Wanted(const ExcelOptions& options, const std::string& name, int position) const {
  if (options.rows.use_columns.empty()) return true;
  for (const std::string& wanted : options.rows.use_columns) {
    if (!options.use_letters) {
      if (wanted == name) return true;
      continue;
    }
    const size_t colon = std::min(wanted.find(':'), wanted.size());
    const int first = XlsxColumn(wanted.substr(0, colon));
    const int last = colon < wanted.size() ? XlsxColumn(wanted.substr(colon + 1)) : first;
    if (first <= position && position <= last) return true;
  }
  return false;
}

Status ExcelSheet::NameColumns(const ExcelOptions& options, const XlsxRow& header,
                               int last_column) {
  std::vector<std::string> names = options.rows.names;
  if (names.empty()) {
    for (const XlsxCell& cell : header.cells) {
      names.resize(static_cast<size_t>(cell.column) + 1);
      names.back() = TextOf(cell);
    }
    if (!options.rows.header) {
      names.clear();
      for (int at = 0; at <= last_column; ++at) names.push_back(fmt::format("{}", at));
    }
  }
  if (static_cast<int>(names.size()) <= last_column) {
    names.resize(static_cast<size_t>(last_column) + 1);
  }
  names = UniqueColumnNames(std::move(names));
  for (size_t at = 0; at < names.size(); ++at) {
    if (!Wanted(options, names[at], static_cast<int>(at))) continue;
    columns_.push_back({std::move(names[at]), static_cast<int>(at), 0});
  }
  if (columns_.empty()) return ConfigError("the sheet has no columns, or none that usecols lists");
  return Status::Ok();
}

Result<ExcelSheet> ExcelSheet::Survey(OpenWorkbook open, const ExcelOptions& options,
                                      std::stop_token stop) {
  MR_ASSIGN_OR_RETURN(XlsxWorkbook workbook, XlsxWorkbook::Open(std::move(open)));
  ExcelSheet sheet(std::move(workbook));
  sheet.options_ = options.rows;
  MR_RETURN_IF_ERROR(sheet.FindSheet(options));
  MR_ASSIGN_OR_RETURN(const auto reader, XlsxSheetReader::Open(sheet.workbook_, sheet.part_));
  const CsvValues values(options.rows);
  const int64_t header_row =
      options.rows.skip_rows + 1 + (options.rows.header ? *options.rows.header : 0);
  sheet.first_row_ = options.rows.header ? header_row + 1 : header_row;
  const int64_t end_row = options.rows.rows_max < 0 ? XlsxSheetReader::kRowsMax + 1
                                                    : sheet.first_row_ + options.rows.rows_max;
  XlsxRow header, row;
  std::vector<uint8_t> kinds;  // per position
  int64_t last_row = sheet.first_row_ - 1;
  for (;;) {
    MR_ASSIGN_OR_RETURN(const bool more, reader->Next(&row));
    if (!more || row.number >= end_row) break;
    if (stop.stop_requested()) return Status::Canceled();
    if (row.number < sheet.first_row_) {
      if (row.number == header_row) header = row;
      continue;
    }
    last_row = row.number;
    for (const XlsxCell& cell : row.cells) {
      const size_t at = static_cast<size_t>(cell.column);
      if (kinds.size() <= at) kinds.resize(at + 1);
      if (!IsNull(cell, values)) kinds[at] = static_cast<uint8_t>(kinds[at] | KindOf(cell));
    }
  }
  MR_RETURN_IF_ERROR(sheet.NameColumns(options, header, static_cast<int>(kinds.size()) - 1));
  arrow::FieldVector fields;
  for (Column& column : sheet.columns_) {
    const size_t at = static_cast<size_t>(column.position);
    column.kinds = at < kinds.size() ? kinds[at] : 0;
    fields.push_back(arrow::field(column.name, TypeOf(column.kinds)));
  }
  sheet.schema_ = arrow::schema(std::move(fields));
  sheet.rows_ = last_row - sheet.first_row_ + 1;
  return sheet;
}

Status ExcelSheet::Read(const std::set<std::string>& columns,
                        const std::function<Status(ChangeBatch)>& sink,
                        std::stop_token stop) const {
  MR_ASSIGN_OR_RETURN(const auto reader, XlsxSheetReader::Open(workbook_, part_));
  const CsvValues values(options_);
  arrow::FieldVector fields;
  std::vector<int> positions;
  std::vector<std::unique_ptr<ColumnBuilder>> builders;
  for (const Column& column : columns_) {
    if (!columns.empty() && !columns.contains(column.name)) continue;
    fields.push_back(arrow::field(column.name, TypeOf(column.kinds)));
    positions.push_back(column.position);
    MR_ASSIGN_OR_RETURN(auto builder, ColumnBuilder::Make(fields.back()->type()));
    builders.push_back(std::move(builder));
  }
  const SchemaPtr schema = arrow::schema(std::move(fields));
  int64_t batch_rows = 0;
  const auto flush = [&]() -> Status {
    arrow::ArrayVector arrays;
    for (const auto& builder : builders) {
      MR_ASSIGN_OR_RETURN(auto array, builder->Finish());
      arrays.push_back(std::move(array));
    }
    ChangeBatch batch;
    batch.rows = arrow::RecordBatch::Make(schema, std::exchange(batch_rows, 0), std::move(arrays));
    return sink(std::move(batch));
  };
  XlsxRow row;
  bool more = true;
  for (int64_t number = first_row_; number < first_row_ + rows_; ++number) {
    while (more && row.number < number) {
      MR_ASSIGN_OR_RETURN(more, reader->Next(&row));
    }
    // Cells and columns both go from left to right.
    auto cell = row.number == number ? row.cells.begin() : row.cells.end();
    for (size_t at = 0; at < builders.size(); ++at) {
      while (cell != row.cells.end() && cell->column < positions[at]) ++cell;
      const bool there = cell != row.cells.end() && cell->column == positions[at];
      if (there && !IsNull(*cell, values)) {
        Append(*cell, *builders[at]);
      } else {
        builders[at]->AppendNull();
      }
    }
    ++batch_rows;
    int64_t bytes = 0;
    if (batch_rows % 256 == 0) {
      for (const auto& builder : builders) bytes += builder->bytes();
    }
    if (batch_rows < kBatchRowsMax && bytes < kBatchBytesMax) continue;
    if (stop.stop_requested()) return Status::Canceled();
    MR_RETURN_IF_ERROR(flush());
  }
  return batch_rows > 0 ? flush() : Status::Ok();
}

}  // namespace millrace
