#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "connector/source.h"
#include "formats/json_scanner.h"

namespace millrace {

/// Finds the schema of JSON objects by looking at all of them. Types come from the values' JSON
/// types alone (a string stays a string, whatever it looks like):
///
///   integers within int64                       int64
///   numbers, integers beyond, or both           number()
///   true, false                                 bool
///   strings, or scalars of different kinds      utf8 (a scalar's own text)
///   arrays whose items share a scalar type      list of it
///   objects, other arrays, nested and scalar    json_text()
///   null only                                   utf8
///
/// A column of objects, or of arrays of nothing but objects, arrives as JSON text all the same, but
/// what stands in them is declared (connector/json_schema.h: kDeclaredSchema): normalisation and
/// readers of the catalog go by it. Objects with more than kNestedKeysMax keys in all, which are
/// maps rather than objects, and those nested deeper than kNestedDepthMax stay undeclared.
///
/// Columns stand in the order in which their keys were first seen. One thread; two that looked at
/// neighbouring parts of a file can be merged.
class JsonInference {
 public:
  static constexpr size_t kNestedKeysMax = 1000;
  static constexpr int kNestedDepthMax = 16;

  JsonInference() = default;
  JsonInference(JsonInference&&) = default;
  JsonInference& operator=(JsonInference&&) = default;

  /// Looks at one object. `text` ends before a control character and has
  /// JsonScanner::kPadding readable bytes behind it. False: it is no JSON object; error() says why.
  bool Add(std::string_view text);
  const std::string& error() const { return error_; }

  /// Adds what `later`, about the rows that follow, has found.
  void Merge(const JsonInference& later);

  SchemaPtr Schema() const;
  int64_t rows() const { return rows_; }

 private:
  struct Key {
    std::string name;
    uint16_t kinds = 0;  // sets of kinds: of the values, and of the items of its arrays
    uint16_t items = 0;
    /// What stands in the objects, or in the objects of the arrays. Null: nothing is known.
    std::unique_ptr<JsonInference> nested;
  };
  struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  size_t Find(std::string_view name);
  /// Reads the members of an object up to its end. False: the scanner's error(), or `*what`.
  bool AddMembers(JsonScanner& scanner, const char** what);
  bool AddItems(JsonScanner& scanner, Key& key, const char** what);
  bool AddNested(JsonScanner& scanner, Key& key, const char** what);
  /// The type of a column with what is known of its insides.
  static std::shared_ptr<arrow::DataType> DeclaredType(const Key& key);

  std::vector<Key> keys_;
  std::unordered_map<std::string, size_t, TextHash, std::equal_to<>> index_;
  int depth_ = 0;  // of the objects that it describes
  std::string scratch_;
  std::string error_;
  int64_t rows_ = 0;
};

}  // namespace millrace
