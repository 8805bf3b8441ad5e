#include "connector/meta_column.h"

#include <arrow/array.h>
#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_nested.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/type.h>

#include <algorithm>

#include "connector/arrow_status.h"
#include "connector/block_pool.h"

namespace millrace {
namespace {

constexpr const char* kDoing = "building _airbyte_meta";

/// Appends rows to the meta column's nested builders.
class MetaBuilder {
 public:
  MetaBuilder() {
    auto made = arrow::MakeBuilder(meta_type());
    MR_CHECK(made.ok(), "the meta type has a builder");
    builder_.reset(static_cast<arrow::StructBuilder*>(made->release()));
    sync_id_ = static_cast<arrow::Int64Builder*>(builder_->field_builder(0));
    changes_ = static_cast<arrow::ListBuilder*>(builder_->field_builder(1));
    change_ = static_cast<arrow::StructBuilder*>(changes_->value_builder());
  }

  arrow::Status StartRow(int64_t sync_id) {
    ARROW_RETURN_NOT_OK(builder_->Append());
    ARROW_RETURN_NOT_OK(sync_id_->Append(sync_id));
    return changes_->Append();
  }

  arrow::Status AddChange(std::string_view field, std::string_view change,
                          std::string_view reason) {
    ARROW_RETURN_NOT_OK(change_->Append());
    ARROW_RETURN_NOT_OK(Text(0)->Append(field));
    ARROW_RETURN_NOT_OK(Text(1)->Append(change));
    return Text(2)->Append(reason);
  }

  arrow::Result<std::shared_ptr<arrow::Array>> Finish() { return builder_->Finish(); }

 private:
  arrow::StringBuilder* Text(int i) {
    return static_cast<arrow::StringBuilder*>(change_->field_builder(i));
  }

  std::unique_ptr<arrow::StructBuilder> builder_;
  arrow::Int64Builder* sync_id_;
  arrow::ListBuilder* changes_;
  arrow::StructBuilder* change_;
};

/// The common case: no change in any row, built without a loop per value.
arrow::Result<std::shared_ptr<arrow::Array>> MakeUnchanged(int64_t num_rows, int64_t sync_id) {
  ARROW_ASSIGN_OR_RAISE(auto ids, arrow::AllocateBuffer(num_rows * 8, BlockPool()));
  std::fill_n(reinterpret_cast<int64_t*>(ids->mutable_data()), num_rows, sync_id);
  ARROW_ASSIGN_OR_RAISE(auto offsets, arrow::AllocateBuffer((num_rows + 1) * 4, BlockPool()));
  std::fill_n(reinterpret_cast<int32_t*>(offsets->mutable_data()), num_rows + 1, 0);
  const auto& list_type = meta_type()->field(1)->type();
  ARROW_ASSIGN_OR_RAISE(
      auto values,
      arrow::MakeEmptyArray(static_cast<const arrow::ListType&>(*list_type).value_type()));
  auto lists = std::make_shared<arrow::ListArray>(list_type, num_rows, std::move(offsets), values);
  auto numbers = std::make_shared<arrow::Int64Array>(num_rows, std::move(ids));
  return std::make_shared<arrow::StructArray>(
      meta_type(), num_rows, arrow::ArrayVector{std::move(numbers), std::move(lists)});
}

arrow::Result<std::shared_ptr<arrow::Array>> MakeChanged(int64_t num_rows, int64_t sync_id,
                                                         const std::vector<FieldChange>& changes) {
  MetaBuilder builder;
  auto next = changes.begin();
  for (int64_t row = 0; row < num_rows; ++row) {
    ARROW_RETURN_NOT_OK(builder.StartRow(sync_id));
    for (; next != changes.end() && next->row == row; ++next) {
      ARROW_RETURN_NOT_OK(builder.AddChange(next->field, next->change, next->reason));
    }
  }
  return builder.Finish();
}

arrow::Result<std::shared_ptr<arrow::Array>> Append(const arrow::StructArray& column,
                                                    const std::vector<FieldChange>& changes) {
  const auto& ids = static_cast<const arrow::Int64Array&>(*column.field(0));
  const auto& lists = static_cast<const arrow::ListArray&>(*column.field(1));
  const auto& old = static_cast<const arrow::StructArray&>(*lists.values());
  const auto text = [&](int field, int64_t i) {
    return static_cast<const arrow::StringArray&>(*old.field(field)).GetView(i);
  };
  MetaBuilder builder;
  auto next = changes.begin();
  for (int64_t row = 0; row < column.length(); ++row) {
    ARROW_RETURN_NOT_OK(builder.StartRow(ids.Value(row)));
    for (int64_t i = lists.value_offset(row); i < lists.value_offset(row + 1); ++i) {
      ARROW_RETURN_NOT_OK(builder.AddChange(text(0, i), text(1, i), text(2, i)));
    }
    for (; next != changes.end() && next->row == row; ++next) {
      ARROW_RETURN_NOT_OK(builder.AddChange(next->field, next->change, next->reason));
    }
  }
  return builder.Finish();
}

}  // namespace

const std::shared_ptr<arrow::DataType>& meta_type() {
  static const std::shared_ptr<arrow::DataType> type = [] {
    const auto change = arrow::struct_({arrow::field("field", arrow::utf8(), false),
                                        arrow::field("change", arrow::utf8(), false),
                                        arrow::field("reason", arrow::utf8(), false)});
    return arrow::struct_(
        {arrow::field("sync_id", arrow::int64(), false),
         arrow::field("changes", arrow::list(arrow::field("element", change, false)), false)});
  }();
  return type;
}

Result<std::shared_ptr<arrow::Array>> MakeMetaColumn(int64_t num_rows, int64_t sync_id,
                                                     const std::vector<FieldChange>& changes) {
  auto made =
      changes.empty() ? MakeUnchanged(num_rows, sync_id) : MakeChanged(num_rows, sync_id, changes);
  MR_ARROW_RETURN_IF_ERROR(made.status(), kDoing);
  return *std::move(made);
}

Result<std::shared_ptr<arrow::Array>> AddMetaChanges(const arrow::Array& column,
                                                     const std::vector<FieldChange>& changes) {
  auto made = Append(static_cast<const arrow::StructArray&>(column), changes);
  MR_ARROW_RETURN_IF_ERROR(made.status(), kDoing);
  return *std::move(made);
}

}  // namespace millrace
