#include "transform/nested_columns.h"

#include <arrow/array.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/compute/api_vector.h>
#include <arrow/datum.h>
#include <arrow/type.h>

#include "connector/arrow_status.h"
#include "connector/block_pool.h"

namespace millrace {
namespace {

constexpr const char* kTakingApart = "taking nested columns apart";

Result<arrow::ArrayVector> FieldsOf(const arrow::StructArray& objects) {
  arrow::ArrayVector fields;
  for (int i = 0; i < objects.num_fields(); ++i) {
    MR_ARROW_ASSIGN_OR_RETURN(auto field, objects.GetFlattenedField(i, BlockPool()), kTakingApart);
    fields.push_back(std::move(field));
  }
  return fields;
}

}  // namespace

Result<std::shared_ptr<arrow::Array>> ColumnAt(const arrow::ArrayVector& columns,
                                               const NestedPlace& place) {
  auto column = columns[static_cast<size_t>(place.positions.front())];
  for (size_t depth = 1; depth < place.positions.size(); ++depth) {
    const auto& objects = static_cast<const arrow::StructArray&>(*column);
    MR_ARROW_ASSIGN_OR_RETURN(
        column, objects.GetFlattenedField(place.positions[depth], BlockPool()), kTakingApart);
  }
  return column;
}

Result<ElementRows> ElementsOf(const arrow::ListArray& lists,
                               const std::function<bool(int64_t)>& skip) {
  ElementRows rows;
  rows.parents.reserve(static_cast<size_t>(
      lists.length() > 0 ? lists.value_offset(lists.length()) - lists.value_offset(0) : 0));
  std::vector<int32_t> elements;  // their indices, once there is a gap between them
  bool gaps = false;
  int32_t first = 0, end = 0;
  for (int64_t row = 0; row < lists.length(); ++row) {
    const int32_t size = lists.value_length(row);
    if (size == 0 || lists.IsNull(row) || (skip && skip(row))) continue;
    const int32_t begin = lists.value_offset(row);
    if (rows.parents.empty()) first = end = begin;
    if (begin != end && !gaps) {
      gaps = true;
      for (int32_t i = first; i < end; ++i) elements.push_back(i);
    }
    end = begin + size;
    for (int32_t i = begin; gaps && i < end; ++i) elements.push_back(i);
    rows.parents.insert(rows.parents.end(), static_cast<size_t>(size), static_cast<int32_t>(row));
  }
  std::shared_ptr<arrow::Array> values = lists.values()->Slice(first, end - first);
  if (gaps) {
    MR_ASSIGN_OR_RETURN(values, TakeRows(*lists.values(), elements));
  }
  MR_ASSIGN_OR_RETURN(rows.columns, FieldsOf(static_cast<const arrow::StructArray&>(*values)));
  return rows;
}

Result<std::shared_ptr<arrow::Array>> TakeRows(const arrow::Array& column,
                                               const std::vector<int32_t>& rows) {
  arrow::Int32Builder indices;
  MR_ARROW_RETURN_IF_ERROR(indices.Reserve(static_cast<int64_t>(rows.size())), kTakingApart);
  for (const int32_t row : rows) {
    if (row < 0) {
      indices.UnsafeAppendNull();
    } else {
      indices.UnsafeAppend(row);
    }
  }
  MR_ARROW_ASSIGN_OR_RETURN(const auto taken, indices.Finish(), kTakingApart);
  MR_ARROW_ASSIGN_OR_RETURN(
      const arrow::Datum result,
      arrow::compute::Take(column, *taken, arrow::compute::TakeOptions::NoBoundsCheck()),
      kTakingApart);
  return result.make_array();
}

}  // namespace millrace
