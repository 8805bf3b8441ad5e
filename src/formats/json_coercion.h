#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "connector/change_batch.h"
#include "formats/column_builder.h"
#include "formats/json_scanner.h"

namespace millrace {

/// What a column takes, made from its Arrow type once.
enum class JsonTarget : uint8_t {
  kBool,
  kInt64,
  kDouble,
  kNumber,
  kText,
  kJson,
  kBinary,
  kDate,
  kTime,
  kLocalTimestamp,
  kZonedTimestamp,
  kList,
  kStruct,
};

/// Reads JSON values into columns: the one implementation of connector/coercion.md. One thread.
class JsonCoercion {
 public:
  /// A column and what stands in it; for lists and structs, what stands in these.
  struct Column {
    std::string name;
    JsonTarget target;
    ColumnBuilder* builder;
    std::vector<Column> children;
  };
  /// Columns by name. It learns in which order keys come: the objects of one source all have them
  /// in the same one, which is often not the columns'.
  class Keys {
   public:
    explicit Keys(const std::vector<Column>& columns);
    /// The column's position, or -1. `*last` is the position found before in this object, -1 at its
    /// beginning; it becomes the one found now.
    int Find(std::string_view name, int* last) {
      const size_t expected = followers_[static_cast<size_t>(*last + 1)];
      if (expected < names_.size() && SameShort(names_[expected], name)) {
        return *last = static_cast<int>(expected);
      }
      return Search(name, last);
    }

   private:
    struct TextHash {
      using is_transparent = void;
      size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
    };
    int Search(std::string_view name, int* last);

    std::vector<std::string_view> names_;
    std::vector<size_t> followers_;  // by position + 1: what came next when it was last seen
    std::unordered_map<std::string_view, int, TextHash, std::equal_to<>> index_;
  };

  static Column Describe(const std::string& name, ColumnBuilder& builder);

  /// Reads the scanner's next value and appends it to the column: as it is, converted, or as null
  /// with a change about `row`. False: the JSON is malformed, and nothing was appended.
  bool Append(JsonScanner& scanner, const Column& column, int64_t row);

  // The same for a value that somebody read already. No column of JSON text.
  void AppendText(const Column& column, std::string_view value, int64_t row);
  /// `digits` as JSON writes a number.
  void AppendNumber(const Column& column, std::string_view digits, int64_t row) {
    if (column.target == JsonTarget::kText) return column.builder->AppendText(digits);
    AppendDigits(column, digits, row);
  }
  void AppendBool(const Column& column, bool value, int64_t row);
  /// A value of another kind than the column's.
  void AppendMisfit(const Column& column, int64_t row);
  /// Text that UTF-8 can't hold.
  void AppendBrokenText(const Column& column, int64_t row);

  std::vector<FieldChange>& changes() { return changes_; }
  int64_t undeclared_values() const { return undeclared_values_; }
  void CountUndeclared(int64_t values = 1) { undeclared_values_ += values; }

 private:
  bool AppendString(JsonScanner& scanner, const Column& column, int64_t row);
  bool ReadNumber(JsonScanner& scanner, const Column& column, int64_t row);
  bool AppendList(JsonScanner& scanner, const Column& column, int64_t row);
  bool AppendStruct(JsonScanner& scanner, const Column& column, int64_t row);
  void AppendTimestamp(const Column& column, std::string_view value, int64_t row);
  /// A number from its digits; `from_text` when they were in a string.
  void AppendDigits(const Column& column, std::string_view digits, int64_t row);
  void Null(const Column& column, int64_t row, const char* reason);

  std::vector<FieldChange> changes_;
  std::string scratch_;
  int64_t undeclared_values_ = 0;
};

}  // namespace millrace
