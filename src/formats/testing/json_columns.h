#pragma once

#include <arrow/array.h>
#include <arrow/extension_type.h>
#include <arrow/json/from_string.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <memory>
#include <string>
#include <tuple>
#include <vector>

namespace millrace {

inline std::shared_ptr<arrow::Array> FromJson(const std::shared_ptr<arrow::DataType>& type,
                                              const std::string& json) {
  if (type->id() == arrow::Type::EXTENSION) {
    return arrow::ExtensionType::WrapArray(type, FromJson(arrow::utf8(), json));
  }
  return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
}

/// Rows whose columns are given by name, type and a JSON array of their values.
inline std::shared_ptr<arrow::RecordBatch> Batch(
    const std::vector<std::tuple<std::string, std::shared_ptr<arrow::DataType>, std::string>>&
        columns) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const auto& [name, type, json] : columns) {
    fields.push_back(arrow::field(name, type));
    arrays.push_back(FromJson(type, json));
  }
  return arrow::RecordBatch::Make(arrow::schema(fields), arrays[0]->length(), arrays);
}

}  // namespace millrace
