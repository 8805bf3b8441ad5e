#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace millrace {

/// A checksum of each column of a stream, into which every byte of every value goes. The order of
/// rows and batches makes no difference. A plain value.
///
/// A value's hash is, by its type: HashWord of 0 or 1 for booleans, of whole numbers and times as
/// they are stored, of the bits of a double; HashBytes of texts and bytes (numbers of any precision
/// and JSON are texts); of lists and structs what their elements' hashes fold into. Null has
/// kNullHash.
class ColumnSums {
 public:
  void Add(const arrow::RecordBatch& rows);
  void Merge(const ColumnSums& other);

  /// "id 5f0c…, name 77a1…", by name; empty when there was no column.
  std::string ToString() const;

 private:
  std::map<std::string, uint64_t> sums_;
  std::vector<std::vector<uint64_t>> hashes_;  // by depth of nesting; kept for their memory
};

}  // namespace millrace
