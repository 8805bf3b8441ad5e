#include "verify/row_digest.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>

#include "base/hash.h"

namespace millrace {
namespace {

constexpr std::string_view kDeletedAt = "_ab_cdc_deleted_at";
constexpr std::string_view kMetadataPrefixes[] = {"_airbyte_", "_ab_cdc_"};

bool IsMetadata(const std::string& name) {
  return std::any_of(std::begin(kMetadataPrefixes), std::end(kMetadataPrefixes),
                     [&](std::string_view prefix) { return name.starts_with(prefix); });
}

bool HasPlace(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::DATE32:
    case arrow::Type::TIMESTAMP:
      return true;
    default:
      return false;
  }
}

Result<size_t> FindColumn(const ComparePlan& plan, const FieldPath& path, const char* what) {
  for (size_t i = 0; path.size() == 1 && i < plan.columns.size(); ++i) {
    if (plan.columns[i].name == path.front()) return i;
  }
  return ConfigError("the {} {} is no column of the stream: it can't be compared by", what,
                     fmt::join(path, "."));
}

/// The name without what destinations clean names of.
std::string Plain(const std::string& name) {
  std::string plain;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') plain += static_cast<char>(c - 'A' + 'a');
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) plain += c;
  }
  return plain;
}

}  // namespace

Result<ComparePlan> MakeComparePlan(const ConfiguredStream& stream,
                                    const arrow::Schema& source_schema) {
  ComparePlan plan;
  for (const auto& field : source_schema.fields()) {
    if (IsMetadata(field->name())) continue;
    plan.columns.push_back({field->name(), field->name(), ValueKindOf(*field->type())});
  }
  for (const FieldPath& path : stream.primary_key) {
    MR_ASSIGN_OR_RETURN(const size_t column, FindColumn(plan, path, "key"));
    plan.key.push_back(column);
  }
  if (!plan.key.empty()) {
    const std::string& first = plan.columns[plan.key.front()].name;
    plan.ranged = HasPlace(*source_schema.GetFieldByName(first)->type());
  }
  if (stream.sync_mode == SyncMode::kIncremental && !stream.cursor_field.empty() &&
      !IsMetadata(stream.cursor_field.front())) {
    MR_ASSIGN_OR_RETURN(plan.cursor, FindColumn(plan, stream.cursor_field, "cursor"));
  }
  return plan;
}

std::vector<std::string> MapColumns(const arrow::Schema& destination, ComparePlan* plan) {
  std::vector<std::string> missing;
  for (ComparedColumn& column : plan->columns) {
    if (destination.GetFieldIndex(column.name) >= 0) continue;
    std::vector<std::string> like;
    for (const std::string& name : destination.field_names()) {
      if (!IsMetadata(name) && Plain(name) == Plain(column.name)) like.push_back(name);
    }
    if (like.size() == 1) {
      column.destination_name = like.front();
    } else {
      missing.push_back(column.name);
    }
  }
  return missing;
}

std::shared_ptr<arrow::Array> RowDigester::ColumnOf(const arrow::RecordBatch& rows,
                                                    size_t i) const {
  const ComparedColumn& column = plan_.columns[i];
  return rows.GetColumnByName(side_ == Side::kSource ? column.name : column.destination_name);
}

void RowDigester::Digest(const arrow::RecordBatch& rows, RowDigests* digests) {
  const auto count = static_cast<size_t>(rows.num_rows());
  digests->key.assign(count, 0);
  digests->row.assign(count, 0);
  digests->sides.assign(count, CursorSide::kWithin);
  digests->columns.resize(plan_.columns.size());
  for (size_t i = 0; i < plan_.columns.size(); ++i) {
    auto& hashes = digests->columns[i];
    const auto column = ColumnOf(rows, i);
    if (column == nullptr) {
      hashes.assign(count, kNullHash);
    } else {
      HashValues(*column, plan_.columns[i].kind, &hashes);
    }
    // Salted by the column: values that change places are not the same row.
    for (size_t row = 0; row < count; ++row) digests->row[row] += MixWords(hashes[row], i + 1);
    if (plan_.bound && plan_.cursor == i && column != nullptr) {
      plan_.bound->Compare(*column, &digests->sides);
    }
  }
  for (const size_t part : plan_.key) {
    const auto& hashes = digests->columns[part];
    for (size_t row = 0; row < count; ++row) {
      digests->key[row] = MixWords(digests->key[row] + 1, hashes[row]);
    }
  }
  // Not linear in the values: rows that exchange some of them don't add up to the same.
  for (size_t row = 0; row < count; ++row) {
    digests->row[row] = MixWords(digests->row[row], digests->key[row]);
  }
  if (plan_.key.empty()) digests->key = digests->row;
  digests->place.assign(plan_.ranged ? count : 0, 0);
  if (plan_.ranged) {
    const auto& part = plan_.columns[plan_.key.front()];
    const auto column = ColumnOf(rows, plan_.key.front());
    for (size_t row = 0; column != nullptr && row < count; ++row) {
      const auto order = OrderOf(*column, static_cast<int64_t>(row), part.kind);
      if (order && *order >= -9.2e18L && *order <= 9.2e18L) {
        digests->place[row] = static_cast<int64_t>(*order);
      }
    }
  }
  digests->deleted.clear();
  const auto deleted = rows.GetColumnByName(std::string(kDeletedAt));
  if (deleted == nullptr || deleted->null_count() == deleted->length()) return;
  for (int64_t row = 0; row < deleted->length(); ++row) {
    digests->deleted.push_back(!deleted->IsNull(row));
  }
}

}  // namespace millrace
