#include "destinations/postgres/table_columns.h"

#include <arrow/type.h>

#include "connector/json_schema.h"
#include "connector/meta_column.h"
#include "destinations/sql/sql_name.h"

namespace millrace {
namespace {

/// The server's limit, less what staging adds.
constexpr int kColumnsMost = 1600;

using Kind = TableColumnType::Kind;

Result<std::string> NameOf(const ConfiguredStream& stream, const std::string& field,
                           std::string_view role, const arrow::Schema& schema,
                           const std::vector<TargetColumn>& columns) {
  const int index = schema.GetFieldIndex(field);
  if (index < 0) {
    return ConfigError("stream {}: its {} \"{}\" is not among its columns",
                       stream.descriptor().ToString(), role, field);
  }
  return columns[static_cast<size_t>(index)].name;
}

}  // namespace

Result<std::vector<TargetColumn>> TableColumnsOf(const arrow::Schema& schema) {
  if (schema.num_fields() > kColumnsMost) {
    return ConfigError(
        "the table would have {} columns, its metadata included; PostgreSQL holds {}: leave some "
        "out with selected_fields",
        schema.num_fields(), kColumnsMost);
  }
  const std::vector<std::string> names = SqlColumnNames(schema.field_names(), kIdentifierBytesMax);
  std::vector<TargetColumn> columns;
  for (int i = 0; i < schema.num_fields(); ++i) {
    const arrow::Field& field = *schema.field(i);
    auto type = ColumnTypeOf(*field.type());
    if (!type.ok()) return type.status().WithContext("column " + field.name());
    const bool metadata = field.name().starts_with("_airbyte_");
    columns.push_back({names[static_cast<size_t>(i)], *type, metadata && !field.nullable()});
  }
  return columns;
}

Result<std::vector<TargetColumn>> DeclaredColumns(const ConfiguredStream& stream) {
  return TableColumnsOf(*ArrowSchemaOf(*stream.stream.json_schema));
}

std::vector<TargetColumn> RawTableColumns() {
  return {{std::string(kRawIdColumn), TableColumnType::Of(Kind::kText), true},
          {std::string(kExtractedAtColumn), TableColumnType::Of(Kind::kTimestamptz), true},
          {"_airbyte_loaded_at", TableColumnType::Of(Kind::kTimestamptz), false},
          {std::string(kMetaColumn), TableColumnType::Of(Kind::kJsonb), true},
          {std::string(kGenerationIdColumn), TableColumnType::Of(Kind::kBigint), true},
          {"_airbyte_data", TableColumnType::Of(Kind::kJsonb), false}};
}

Result<MergeRule> MergeRuleOf(const ConfiguredStream& stream, const arrow::Schema& schema,
                              const std::vector<TargetColumn>& columns, bool hard_delete) {
  MergeRule rule;
  rule.hard_delete = hard_delete;
  for (const std::string& field : stream.replace_by) {
    MR_ASSIGN_OR_RETURN(std::string name, NameOf(stream, field, "set", schema, columns));
    rule.replace_by.push_back(std::move(name));
  }
  if (!rule.replace_by.empty()) return rule;
  for (const FieldPath& part : stream.primary_key) {
    if (part.size() != 1) {
      return ConfigError("stream {}: a key inside a nested column can't be deduplicated by",
                         stream.descriptor().ToString());
    }
    MR_ASSIGN_OR_RETURN(std::string name, NameOf(stream, part[0], "key", schema, columns));
    rule.key.push_back(std::move(name));
  }
  if (rule.key.empty()) {
    return ConfigError("stream {}: {} needs a primary_key", stream.descriptor().ToString(),
                       ToString(stream.destination_sync_mode));
  }
  if (!stream.cursor_field.empty() && !stream.stream.source_defined_cursor) {
    MR_ASSIGN_OR_RETURN(rule.cursor,
                        NameOf(stream, stream.cursor_field[0], "cursor", schema, columns));
  }
  return rule;
}

}  // namespace millrace
