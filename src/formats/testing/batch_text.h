#pragma once

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>

#include <string>

#include "connector/number_type.h"

namespace millrace {

/// A value as a test writes it down: text as it is, null as "∅", the rest as Arrow prints it.
inline std::string ValueText(const arrow::Array& array, int64_t row) {
  if (array.IsNull(row)) return "∅";
  if (array.type_id() == arrow::Type::EXTENSION) {
    return ValueText(*static_cast<const arrow::ExtensionArray&>(array).storage(), row);
  }
  if (array.type_id() == arrow::Type::STRING || array.type_id() == arrow::Type::BINARY) {
    return std::string(static_cast<const arrow::BinaryArray&>(array).GetView(row));
  }
  if (array.type_id() == arrow::Type::LIST) {
    const auto& list = static_cast<const arrow::ListArray&>(array);
    std::string text = "[";
    for (int64_t at = list.value_offset(row); at < list.value_offset(row + 1); ++at) {
      text += (text.size() > 1 ? "," : "") + ValueText(*list.values(), at);
    }
    return text + "]";
  }
  if (array.type_id() == arrow::Type::STRUCT) {
    const auto& record = static_cast<const arrow::StructArray&>(array);
    std::string text = "{";
    for (int at = 0; at < record.num_fields(); ++at) {
      text += (at > 0 ? "," : "") + ValueText(*record.field(at), row);
    }
    return text + "}";
  }
  return (*array.GetScalar(row))->ToString();
}

/// Rows as "a|b\nc|d\n".
inline std::string BatchText(const arrow::RecordBatch& batch) {
  std::string text;
  for (int64_t row = 0; row < batch.num_rows(); ++row) {
    for (int column = 0; column < batch.num_columns(); ++column) {
      text += (column > 0 ? "|" : "") + ValueText(*batch.column(column), row);
    }
    text += "\n";
  }
  return text;
}

/// "a:int64 b:string"; number() and json_text() by these names.
inline std::string SchemaText(const arrow::Schema& schema) {
  const auto name = [](const arrow::DataType& type) -> std::string {
    if (IsNumber(type)) return "number";
    if (IsJsonText(type)) return "json";
    return type.ToString();
  };
  std::string text;
  for (const auto& field : schema.fields()) {
    text += (text.empty() ? "" : " ") + field->name() + ":" + name(*field->type());
  }
  return text;
}

}  // namespace millrace
