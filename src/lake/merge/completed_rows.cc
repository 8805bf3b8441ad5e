#include "lake/merge/completed_rows.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <unordered_map>

#include "connector/arrow_status.h"
#include "formats/meta_changes.h"
#include "lake/merge/conform.h"
#include "lake/merge/row_selection.h"
#include "lake/merge/staged_columns.h"

namespace millrace {
namespace {

constexpr const char* kCompleting = "completing rows";

bool IsRow(uint32_t before) {
  return before != MergePlan::kStored && before != MergePlan::kNothing;
}

/// Changes as they were staged, by number.
struct Gathered {
  std::shared_ptr<arrow::RecordBatch> rows;
  std::unordered_map<uint32_t, int64_t> position;  // of a change in `rows`
  std::vector<std::set<int>> unsent;               // per position: columns
};

/// The changes themselves, and those before them as far as values were not sent.
std::vector<uint32_t> Chains(const MergePlan& plan, const std::vector<uint32_t>& rows) {
  std::set<uint32_t> needed;
  for (uint32_t row : rows) {
    while (needed.insert(row).second && plan.partial[row] && IsRow(plan.before[row])) {
      row = plan.before[row];
    }
  }
  return {needed.begin(), needed.end()};
}

std::set<int> UnsentColumns(const arrow::Array* names, int64_t row, const arrow::Schema& schema) {
  std::set<int> columns;
  if (names == nullptr || names->IsNull(row)) return columns;
  std::string_view text = static_cast<const arrow::BinaryArray*>(names)->GetView(row);
  while (!text.empty()) {
    const size_t end = std::min(text.find('\0'), text.size());
    if (const int c = schema.GetFieldIndex(std::string(text.substr(0, end))); c >= 0) {
      columns.insert(c);
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return columns;
}

Result<Gathered> Gather(ChangeScan& changes, const SchemaPtr& schema,
                        const std::vector<uint32_t>& needed) {
  Gathered gathered;
  std::set<std::string> columns{kUnsentColumn};
  for (const auto& field : schema->fields()) columns.insert(field->name());
  arrow::RecordBatchVector batches;
  MR_RETURN_IF_ERROR(changes.ForEach(
      columns,
      [&](int64_t first, int64_t count) {
        const auto at = std::lower_bound(needed.begin(), needed.end(), first);
        return at != needed.end() && *at < first + count;
      },
      [&](const arrow::RecordBatch& batch, int64_t first, size_t) -> Status {
        const auto unsent = batch.GetColumnByName(kUnsentColumn);
        std::vector<int64_t> rows;
        for (auto at = std::lower_bound(needed.begin(), needed.end(), first);
             at != needed.end() && *at < first + batch.num_rows(); ++at) {
          rows.push_back(*at - first);
          gathered.position.emplace(*at, static_cast<int64_t>(gathered.unsent.size()));
          gathered.unsent.push_back(UnsentColumns(unsent.get(), rows.back(), *schema));
        }
        if (rows.empty()) return Status::Ok();
        MR_ASSIGN_OR_RETURN(const auto conformed, ConformRows(batch, schema));
        MR_ASSIGN_OR_RETURN(auto selected, SelectRows(conformed, rows));
        batches.push_back(std::move(selected));
        return Status::Ok();
      }));
  MR_ARROW_ASSIGN_OR_RETURN(gathered.rows, arrow::ConcatenateRecordBatches(batches), kCompleting);
  return gathered;
}

}  // namespace

Result<CompletedRows> CompletedRows::Read(ChangeScan& changes, const MergePlan& plan,
                                          const SchemaPtr& schema,
                                          const std::vector<uint32_t>& rows) {
  MR_ASSIGN_OR_RETURN(const Gathered gathered, Gather(changes, schema, Chains(plan, rows)));
  CompletedRows completed;
  completed.lacks_.resize(static_cast<size_t>(schema->num_fields()));
  arrow::ArrayVector columns;
  for (int c = 0; c < schema->num_fields(); ++c) {
    std::vector<int64_t> from;
    std::vector<Lacks> lacks(rows.size(), Lacks::kNothing);
    bool any = false;
    for (size_t i = 0; i < rows.size(); ++i) {
      uint32_t row = rows[i];
      while (IsRow(row) &&
             gathered.unsent[static_cast<size_t>(gathered.position.at(row))].contains(c)) {
        row = plan.before[row];
      }
      from.push_back(IsRow(row) ? gathered.position.at(row) : -1);
      if (IsRow(row)) continue;
      lacks[i] = row == MergePlan::kStored ? Lacks::kStored : Lacks::kValue;
      any = true;
    }
    MR_ASSIGN_OR_RETURN(auto column, SelectValues(*gathered.rows->column(c), from));
    columns.push_back(std::move(column));
    if (any) completed.lacks_[static_cast<size_t>(c)] = std::move(lacks);
  }
  completed.rows_ =
      arrow::RecordBatch::Make(schema, static_cast<int64_t>(rows.size()), std::move(columns));
  return completed;
}

Result<std::shared_ptr<arrow::RecordBatch>> CompletedRows::Rows(
    const std::vector<int64_t>& positions, const arrow::RecordBatch* stored,
    const std::vector<int64_t>& stored_rows) const {
  MR_ASSIGN_OR_RETURN(auto rows, SelectRows(rows_, positions));
  arrow::ArrayVector columns = rows->columns();
  std::vector<FieldChange> nulled;
  for (size_t c = 0; c < lacks_.size(); ++c) {
    if (lacks_[c].empty()) continue;
    // The stored rows' values stand behind the changes' own.
    std::vector<int64_t> from;
    for (size_t i = 0; i < positions.size(); ++i) {
      const Lacks lacks = lacks_[c][static_cast<size_t>(positions[i])];
      const bool take = lacks == Lacks::kStored && stored != nullptr;
      from.push_back(take ? rows->num_rows() + stored_rows[i] : static_cast<int64_t>(i));
      if (lacks != Lacks::kNothing && !take) {
        nulled.push_back({static_cast<int64_t>(i),
                          rows->schema()->field(static_cast<int>(c))->name(), "NULLED",
                          "SOURCE_RETRIEVAL_ERROR"});
      }
    }
    if (stored == nullptr) continue;
    MR_ARROW_ASSIGN_OR_RETURN(const auto both,
                              arrow::Concatenate({columns[c], stored->column(static_cast<int>(c))}),
                              kCompleting);
    MR_ASSIGN_OR_RETURN(columns[c], SelectValues(*both, from));
  }
  std::stable_sort(nulled.begin(), nulled.end(),
                   [](const FieldChange& a, const FieldChange& b) { return a.row < b.row; });
  rows = arrow::RecordBatch::Make(rows->schema(), rows->num_rows(), std::move(columns));
  return WithMetaChanges(std::move(rows), nulled);
}

}  // namespace millrace
