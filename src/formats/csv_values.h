#pragma once

#include <arrow/type_fwd.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "formats/csv_options.h"

namespace millrace {

/// What a CSV value can be read as without losing anything of it. A column's kinds are collected
/// as a set of these bits.
enum CsvKind : uint8_t {
  kCsvBool = 1,        ///< true, True, TRUE, false …
  kCsvInt = 2,         ///< within int64, no leading zeros, no plus sign
  kCsvNumber = 4,      ///< any other decimal number without these
  kCsvDate = 8,        ///< 2024-02-29
  kCsvLocalTime = 16,  ///< 2024-02-29 12:00:00, up to microseconds
  kCsvZonedTime = 32,  ///< the same with Z or an offset
  kCsvText = 64,
};

/// Reads single CSV values by the options of one file. Immutable, so any thread may use it.
class CsvValues {
 public:
  explicit CsvValues(const CsvOptions& options);

  /// Whether the text stands for a missing value.
  bool IsNull(std::string_view text) const {
    if (text.empty()) return empty_is_null_;
    for (const std::string& null : nulls_[static_cast<unsigned char>(text[0])]) {
      if (null == text) return true;
    }
    return false;
  }

  /// The kind of a value that is not null. `likely` is tried first: columns repeat themselves.
  CsvKind KindOf(std::string_view text, CsvKind likely) const;

  /// Numbers are read with blanks around them left out, thousands separators removed and the
  /// decimal point as a point. The result may live in `scratch`.
  std::string_view NumberText(std::string_view text, std::string& scratch) const;

  /// The type that holds every value of these kinds; text when nothing else does, or no value is
  /// there.
  static std::shared_ptr<arrow::DataType> TypeOf(uint8_t kinds);

 private:
  const char decimal_;
  const std::optional<char> thousands_;
  const bool infer_dates_;
  bool empty_is_null_ = false;
  std::array<std::vector<std::string>, 256> nulls_;  // by their first character
};

/// "true" in the three spellings that count → 1, "false" → 0, else -1.
int ParseCsvBool(std::string_view text);

}  // namespace millrace
