#include "sources/postgres/hashed_columns.h"

#include <arrow/type.h>

#include <algorithm>
#include <numeric>

namespace millrace {
namespace {

std::string FormOf(const ColumnType& type) {
  // All that is read as text looks the same, however long it may be.
  if (type.kind == WireKind::kText) return "text";
  return type.cast.starts_with("::") ? type.cast.substr(2) : type.arrow->ToString();
}

}  // namespace

std::vector<std::string> HashedColumns(const std::vector<TableColumn>& columns) {
  std::vector<std::string> hashed;
  for (const TableColumn& column : columns) {
    hashed.push_back(column.name + " " + FormOf(column.type));
  }
  return hashed;
}

std::optional<std::vector<int>> FindHashedColumns(const std::vector<std::string>& hashed,
                                                  const std::vector<TableColumn>& columns) {
  std::vector<int> places(hashed.empty() ? columns.size() : hashed.size());
  if (hashed.empty()) {
    std::iota(places.begin(), places.end(), 0);
    return places;
  }
  const std::vector<std::string> present = HashedColumns(columns);
  for (size_t i = 0; i < hashed.size(); ++i) {
    const auto found = std::find(present.begin(), present.end(), hashed[i]);
    if (found == present.end()) return std::nullopt;
    places[i] = static_cast<int>(found - present.begin());
  }
  return places;
}

}  // namespace millrace
