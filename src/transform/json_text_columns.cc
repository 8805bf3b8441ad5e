#include "transform/json_text_columns.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>

#include "base/log.h"
#include "connector/number_type.h"
#include "formats/json_scanner.h"

namespace millrace {
namespace {

bool IsText(const arrow::DataType& type) {
  return type.id() == arrow::Type::STRING || IsJsonText(type);
}

bool HasObjects(const arrow::DataType& type) {
  return type.id() == arrow::Type::STRUCT ||
         (type.id() == arrow::Type::LIST &&
          HasObjects(*static_cast<const arrow::ListType&>(type).value_type()));
}

const arrow::StringArray& TextsOf(const arrow::Array& array) {
  if (array.type_id() != arrow::Type::EXTENSION) {
    return static_cast<const arrow::StringArray&>(array);
  }
  return static_cast<const arrow::StringArray&>(
      *static_cast<const arrow::ExtensionArray&>(array).storage());
}

}  // namespace

Result<JsonTextColumns> JsonTextColumns::Make(std::string stream,
                                              const arrow::FieldVector& declared,
                                              const std::shared_ptr<arrow::Schema>& arrived) {
  JsonTextColumns columns;
  columns.stream_ = std::move(stream);
  arrow::FieldVector fields = arrived->fields();
  for (const auto& field : declared) {
    const int column = arrived->GetFieldIndex(field->name());
    if (column < 0 || !HasObjects(*field->type())) continue;
    auto& arrives = fields[static_cast<size_t>(column)];
    if (!IsText(*arrives->type())) continue;
    MR_ASSIGN_OR_RETURN(auto builder, ColumnBuilder::Make(field->type()));
    auto described = JsonCoercion::Describe(field->name(), *builder);
    columns.parsed_.push_back({column, std::move(builder), std::move(described)});
    arrives = field->WithNullable(true);
  }
  columns.schema_ = columns.parsed_.empty() ? arrived : arrow::schema(std::move(fields));
  return columns;
}

Status JsonTextColumns::Apply(ChangeBatch* batch) {
  if (parsed_.empty()) return Status::Ok();
  arrow::ArrayVector columns = batch->rows->columns();
  const size_t changes_before = batch->changes.size();
  for (Parsed& parsed : parsed_) {
    auto& column = columns[static_cast<size_t>(parsed.column)];
    MR_ASSIGN_OR_RETURN(column, Parse(*column, parsed, &batch->changes));
  }
  if (batch->changes.size() != changes_before) {
    std::stable_sort(batch->changes.begin(), batch->changes.end(),
                     [](const FieldChange& a, const FieldChange& b) { return a.row < b.row; });
  }
  batch->rows = arrow::RecordBatch::Make(schema_, batch->rows->num_rows(), std::move(columns));
  return Status::Ok();
}

Result<std::shared_ptr<arrow::Array>> JsonTextColumns::Parse(const arrow::Array& texts,
                                                             Parsed& parsed,
                                                             std::vector<FieldChange>* changes) {
  const std::string& name = schema_->field(parsed.column)->name();
  const arrow::StringArray& values = TextsOf(texts);
  ColumnBuilder& builder = *parsed.builder;
  JsonCoercion coercion;
  std::string padded;
  for (int64_t row = 0; row < values.length(); ++row) {
    if (values.IsNull(row)) {
      builder.AppendNull();
      continue;
    }
    const std::string_view text = values.GetView(row);
    padded.assign(text);
    padded.append(static_cast<size_t>(JsonScanner::kPadding), '\0');
    JsonScanner scanner(std::string_view(padded).substr(0, text.size()));
    if (coercion.Append(scanner, parsed.described, row) && scanner.AtEnd()) continue;
    // No JSON, or something behind it.
    if (builder.length() > row) builder.RemoveLast();
    builder.AppendNull();
    std::erase_if(coercion.changes(), [&](const FieldChange& change) { return change.row == row; });
    coercion.changes().push_back({row, name, "NULLED", "SOURCE_SERIALIZATION_ERROR"});
  }
  if (coercion.undeclared_values() > 0 && !warned_) {
    warned_ = true;
    Log(LogLevel::kWarn,
        "{}: the JSON in {} has keys that the stream's schema does not declare; they become no "
        "columns (a raw table has them)",
        stream_, name);
  }
  changes->insert(changes->end(), coercion.changes().begin(), coercion.changes().end());
  return builder.Finish();
}

}  // namespace millrace
