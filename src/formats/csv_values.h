#pragma once

#include <arrow/type_fwd.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>

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
    if (text.size() > kNullSizeMax) return !long_nulls_.empty() && long_nulls_.contains(text);
    const uint32_t sizes = null_sizes_[static_cast<unsigned char>(text[0])];
    return ((sizes >> text.size()) & 1) != 0 && nulls_.contains(text);
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
  /// Longer nulls are kept apart: nobody has them.
  static constexpr size_t kNullSizeMax = 31;
  struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  const char decimal_;
  const std::optional<char> thousands_;
  const bool infer_dates_;
  bool empty_is_null_ = false;
  /// By a text's first character: a bit for each size that a null with that character has.
  std::array<uint32_t, 256> null_sizes_{};
  std::unordered_set<std::string, TextHash, std::equal_to<>> nulls_, long_nulls_;
};

/// "true" in the three spellings that count → 1, "false" → 0, else -1.
int ParseCsvBool(std::string_view text);

}  // namespace millrace
