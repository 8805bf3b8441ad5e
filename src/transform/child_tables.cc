#include "transform/child_tables.h"

#include <arrow/array.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/array/util.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>

#include "base/uuid.h"
#include "connector/arrow_status.h"
#include "connector/block_pool.h"
#include "transform/normalized_columns.h"

namespace millrace {
namespace {

constexpr const char* kBuildingChildren = "building child tables";

const ChildPlan* FindChild(const TablePlan* plan, const ChildPlan& child) {
  if (plan == nullptr) return nullptr;
  const auto found = std::find_if(plan->children.begin(), plan->children.end(),
                                  [&](const ChildPlan& one) { return one.output == child.output; });
  return found == plan->children.end() ? nullptr : &*found;
}

const TablePlan* TableOf(const ChildPlan* plan) { return plan == nullptr ? nullptr : &plan->table; }

std::vector<int32_t> Picked(const std::vector<int32_t>& values, const std::vector<int32_t>& rows) {
  std::vector<int32_t> picked(rows.size());
  std::transform(rows.begin(), rows.end(), picked.begin(),
                 [&](int32_t row) { return row < 0 ? -1 : values[static_cast<size_t>(row)]; });
  return picked;
}

Result<std::shared_ptr<const ReplacedSets>> MakeSets(const std::vector<int32_t>& tops,
                                                     const std::vector<int32_t>& rows,
                                                     int64_t first_change) {
  arrow::Int64Builder change;
  arrow::BooleanBuilder empty;
  const auto num_rows = static_cast<int64_t>(tops.size());
  MR_ARROW_RETURN_IF_ERROR(change.Reserve(num_rows), kBuildingChildren);
  MR_ARROW_RETURN_IF_ERROR(empty.Reserve(num_rows), kBuildingChildren);
  for (size_t i = 0; i < tops.size(); ++i) {
    change.UnsafeAppend(first_change + tops[i]);
    empty.UnsafeAppend(!rows.empty() && rows[i] < 0);
  }
  auto sets = std::make_shared<ReplacedSets>();
  MR_ARROW_RETURN_IF_ERROR(change.Finish(&sets->change), kBuildingChildren);
  MR_ARROW_RETURN_IF_ERROR(empty.Finish(&sets->empty), kBuildingChildren);
  return std::shared_ptr<const ReplacedSets>(std::move(sets));
}

}  // namespace

ChildTables::ChildTables(const StreamOutputs& outputs, TablePlan actual, MetadataColumns& metadata)
    : outputs_(outputs),
      actual_(std::move(actual)),
      metadata_(metadata),
      sets_(outputs.table().deduplicates()) {}

arrow::FieldVector ChildTables::FieldsOf(const ChildPlan& child, const ChildPlan* actual) const {
  arrow::FieldVector fields = metadata_.fields();
  fields.push_back(MetadataColumns::StampField(kNormalizedAtColumn));
  fields.push_back(arrow::field(outputs_.hashid, arrow::utf8(), /*nullable=*/false));
  for (const std::string& hashid : {child.parent_hashid, child.hashid}) {
    if (!hashid.empty()) fields.push_back(arrow::field(hashid, arrow::utf8()));
  }
  const TablePlan& table = actual == nullptr ? child.table : actual->table;
  for (const FlatColumn& column : table.columns) {
    fields.push_back(column.field->WithNullable(true));
  }
  return fields;
}

void ChildTables::AddSchemas(std::vector<std::shared_ptr<arrow::Schema>>* schemas) const {
  AddSchemas(outputs_.plan, &actual_, schemas);
}

void ChildTables::AddSchemas(const TablePlan& declared, const TablePlan* actual,
                             std::vector<std::shared_ptr<arrow::Schema>>* schemas) const {
  for (const ChildPlan& child : declared.children) {
    const ChildPlan* arrives = FindChild(actual, child);
    (*schemas)[child.output] = arrow::schema(FieldsOf(child, arrives));
    AddSchemas(child.table, TableOf(arrives), schemas);
  }
}

Status ChildTables::Apply(const ParentRows& parents, std::vector<ChangeBatch>* batches) {
  const Level level{parents.columns, nullptr, parents.hashids};
  return Apply(outputs_.plan, &actual_, level, parents, nullptr, batches);
}

Status ChildTables::Apply(const TablePlan& declared, const TablePlan* actual, const Level& level,
                          const ParentRows& parents, const arrow::BooleanArray* unchanged,
                          std::vector<ChangeBatch>* batches) {
  for (const ChildPlan& child : declared.children) {
    const ChildPlan* arrives = FindChild(actual, child);
    const bool top = level.tops == nullptr;
    if (top) {
      const bool masked = arrives != nullptr && !parents.unchanged->empty();
      const auto column = masked ? static_cast<size_t>(arrives->place.positions.front()) : 0;
      unchanged = masked ? parents.unchanged->columns[column].get() : nullptr;
    }
    MR_ASSIGN_OR_RETURN(const ElementRows elements, Elements(arrives, level, parents, unchanged));
    std::vector<int32_t> tops = top ? elements.parents : Picked(*level.tops, elements.parents);
    const Order order = OrderOf(tops, parents, unchanged);
    Hashids own;
    if (!child.hashid.empty()) {
      MR_ASSIGN_OR_RETURN(own, ElementHashids(*level.hashids, elements.parents));
    }
    if (!order.tops.empty()) {
      MR_ASSIGN_OR_RETURN((*batches)[child.output],
                          MakeBatch(child, arrives, level, elements, order, own, parents));
    }
    const Level below{elements.columns, &tops, own};
    MR_RETURN_IF_ERROR(Apply(child.table, TableOf(arrives), below, parents, unchanged, batches));
  }
  return Status::Ok();
}

Result<ElementRows> ChildTables::Elements(const ChildPlan* actual, const Level& level,
                                          const ParentRows& parents,
                                          const arrow::BooleanArray* unchanged) const {
  if (actual == nullptr) return ElementRows();
  MR_ASSIGN_OR_RETURN(const auto lists, ColumnAt(level.columns, actual->place));
  std::function<bool(int64_t)> skip;
  const arrow::Array* deleted_at = sets_ ? parents.deleted_at : nullptr;
  // Rows of a child table are there because their parent's were not left out.
  if (level.tops == nullptr && (deleted_at != nullptr || unchanged != nullptr)) {
    skip = [deleted_at, unchanged](int64_t row) {
      return (deleted_at != nullptr && deleted_at->IsValid(row)) ||
             (unchanged != nullptr && unchanged->Value(row));
    };
  }
  return ElementsOf(static_cast<const arrow::ListArray&>(*lists), skip);
}

ChildTables::Order ChildTables::OrderOf(std::vector<int32_t> tops, const ParentRows& parents,
                                        const arrow::BooleanArray* unchanged) const {
  Order order;
  order.tops = std::move(tops);
  if (!sets_) return order;
  std::vector<int32_t> rows, with_empty;
  size_t next = 0;
  bool has_empty = false;
  for (int32_t top = 0; top < static_cast<int32_t>(parents.hashids->length()); ++top) {
    const size_t before = next;
    for (; next < order.tops.size() && order.tops[next] == top; ++next) {
      rows.push_back(static_cast<int32_t>(next));
      with_empty.push_back(top);
    }
    if (next != before || (unchanged != nullptr && unchanged->Value(top))) continue;
    has_empty = true;
    rows.push_back(-1);
    with_empty.push_back(top);
  }
  if (has_empty) {
    order.rows = std::move(rows);
    order.tops = std::move(with_empty);
  }
  return order;
}

Result<ChangeBatch> ChildTables::MakeBatch(const ChildPlan& child, const ChildPlan* actual,
                                           const Level& level, const ElementRows& elements,
                                           const Order& order, const Hashids& own,
                                           const ParentRows& parents) {
  const auto num_rows = static_cast<int64_t>(order.tops.size());
  arrow::ArrayVector columns;
  if (!metadata_.fields().empty()) {
    constexpr auto kIdWidth = static_cast<int32_t>(UuidV7Batch::kTextSize);
    MR_ASSIGN_OR_RETURN(const auto ids, RepeatTexts(*parents.ids, kIdWidth, order.tops));
    std::shared_ptr<arrow::Array> extracted_at;
    if (parents.extracted_at != nullptr) {
      MR_ASSIGN_OR_RETURN(extracted_at, TakeRows(*parents.extracted_at, order.tops));
    }
    MR_ASSIGN_OR_RETURN(
        columns,
        metadata_.MakeFor(ids, static_cast<const arrow::Int64Array*>(extracted_at.get()), {}));
  }
  MR_ASSIGN_OR_RETURN(columns.emplace_back(), metadata_.MakeNow(num_rows));
  MR_ASSIGN_OR_RETURN(columns.emplace_back(),
                      RepeatTexts(*parents.hashids, kHashidWidth, order.tops));
  if (!child.parent_hashid.empty()) {
    const auto& above = elements.parents;
    MR_ASSIGN_OR_RETURN(columns.emplace_back(),
                        RepeatTexts(*level.hashids, kHashidWidth,
                                    order.rows.empty() ? above : Picked(above, order.rows)));
  }
  if (own != nullptr && order.rows.empty()) {
    columns.push_back(own);
  } else if (own != nullptr) {
    MR_ASSIGN_OR_RETURN(columns.emplace_back(), RepeatTexts(*own, kHashidWidth, order.rows));
  }
  MR_RETURN_IF_ERROR(AddOwnColumns(child, actual, elements, order, &columns));
  ChangeBatch batch;
  batch.rows = arrow::RecordBatch::Make(arrow::schema(FieldsOf(child, actual)), num_rows,
                                        std::move(columns));
  if (sets_) {
    MR_ASSIGN_OR_RETURN(batch.replaces, MakeSets(order.tops, order.rows, parents.first_change));
  }
  return batch;
}

Status ChildTables::AddOwnColumns(const ChildPlan& child, const ChildPlan* actual,
                                  const ElementRows& elements, const Order& order,
                                  arrow::ArrayVector* columns) const {
  const auto num_rows = static_cast<int64_t>(order.tops.size());
  const TablePlan& table = actual == nullptr ? child.table : actual->table;
  for (const FlatColumn& column : table.columns) {
    if (elements.num_rows() == 0) {  // there are nothing but empty sets
      MR_ARROW_ASSIGN_OR_RETURN(columns->emplace_back(),
                                arrow::MakeArrayOfNull(column.field->type(), num_rows, BlockPool()),
                                kBuildingChildren);
      continue;
    }
    MR_ASSIGN_OR_RETURN(auto values, ColumnAt(elements.columns, column.place));
    if (!order.rows.empty()) {
      MR_ASSIGN_OR_RETURN(values, TakeRows(*values, order.rows));
    }
    columns->push_back(std::move(values));
  }
  return Status::Ok();
}

}  // namespace millrace
