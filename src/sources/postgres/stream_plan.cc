#include "sources/postgres/stream_plan.h"

#include <arrow/type.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "clients/postgres/sql_text.h"

namespace millrace {
namespace {

SchemaPtr SchemaOf(const std::vector<TableColumn>& columns) {
  arrow::FieldVector fields;
  for (const TableColumn& column : columns) {
    fields.push_back(arrow::field(column.name, column.type.arrow, !column.not_null));
  }
  return arrow::schema(std::move(fields));
}

/// The names that the configured catalog asks for; empty: all.
std::vector<std::string> ConfiguredNames(const ConfiguredStream& stream) {
  if (!stream.selected_fields.empty()) return stream.selected_fields;
  std::vector<std::string> names;
  const Json& schema = *stream.stream.json_schema;
  if (!schema.is_object()) return names;
  const auto properties = schema.find("properties");
  if (properties == schema.end() || !properties->is_object()) return names;
  for (const auto& [name, property] : properties->items()) names.push_back(name);
  return names;
}

}  // namespace

StreamPlan::StreamPlan(PostgresTable table, std::vector<TableColumn> columns, bool validates_utf8)
    : table_(std::move(table)),
      columns_(std::move(columns)),
      validates_utf8_(validates_utf8),
      schema_(SchemaOf(columns_)) {
  for (const TableColumn& column : columns_) {
    select_list_ += (select_list_.empty() ? "" : ", ") + SelectExpression(column);
  }
}

Result<std::unique_ptr<StreamPlan>> StreamPlan::Make(const ConfiguredStream& stream,
                                                     PostgresTable table, bool validates_utf8) {
  const std::vector<std::string> names = ConfiguredNames(stream);
  for (const std::string& name : names) {
    if (table.FindColumn(name) != nullptr) continue;
    // Metadata columns of a change stream read before are not the table's.
    if (name.starts_with("_ab_cdc_")) continue;
    return ConfigError(
        "{} has no column \"{}\" any more (or it may not be read): refresh the schema",
        stream.descriptor().ToString(), name);
  }
  std::vector<TableColumn> columns;
  for (const TableColumn& column : table.columns) {
    if (names.empty() || std::find(names.begin(), names.end(), column.name) != names.end()) {
      columns.push_back(column);
    }
  }
  return std::unique_ptr<StreamPlan>(
      new StreamPlan(std::move(table), std::move(columns), validates_utf8));
}

std::string StreamPlan::SelectExpression(const TableColumn& column) {
  const std::string name = QuoteIdentifier(column.name);
  if (column.type.cast == kCastToJson)
    return fmt::format("pg_catalog.array_to_json({})::text", name);
  return name + column.type.cast;
}

std::string StreamPlan::from() const { return QualifiedName(table_.schema, table_.name); }

SchemaPtr StreamPlan::schema() const {
  const std::lock_guard lock(mutex_);
  return schema_;
}

SchemaPtr StreamPlan::SchemaAllowing(const RowBatch& batch) {
  const std::lock_guard lock(mutex_);
  for (int i = 0; i < schema_->num_fields(); ++i) {
    const auto& field = schema_->field(i);
    if (field->nullable() || !batch.HasNull(i)) continue;
    schema_ = *schema_->SetField(i, field->WithNullable(true));
  }
  return schema_;
}

std::unique_ptr<RowBatch> StreamPlan::TakeBatch() {
  {
    const std::lock_guard lock(mutex_);
    if (!batches_.empty()) {
      auto batch = std::move(batches_.back());
      batches_.pop_back();
      return batch;
    }
  }
  std::vector<RowBatch::Column> columns;
  for (const TableColumn& column : columns_) columns.push_back({column.name, column.type});
  return std::make_unique<RowBatch>(columns, validates_utf8_);
}

void StreamPlan::GiveBatch(std::unique_ptr<RowBatch> batch) {
  if (batch->num_rows() > 0) return;  // a read that failed left rows in it
  const std::lock_guard lock(mutex_);
  batches_.push_back(std::move(batch));
}

}  // namespace millrace
