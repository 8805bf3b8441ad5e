#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "connector/change_batch.h"
#include "formats/column_builder.h"
#include "formats/json_coercion.h"

namespace millrace {

/// Turns columns that arrive as JSON text, although the catalog declares objects or arrays of
/// objects, into nested columns of the declared type: then they can be normalised. What misses the
/// declared type is treated as connector/coercion.md says; text that is no JSON becomes null with a
/// change. One thread.
class JsonTextColumns {
 public:
  /// `declared`: the columns by the catalog's schema; `arrived`: those of the batches. A system
  /// error when a declared type can't be built.
  static Result<JsonTextColumns> Make(std::string stream, const arrow::FieldVector& declared,
                                      const std::shared_ptr<arrow::Schema>& arrived);

  /// The schema of the batches with those columns replaced.
  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }

  /// Parses the columns, and adds what could not be kept to the batch's changes.
  Status Apply(ChangeBatch* batch);

 private:
  struct Parsed {
    int column = 0;
    std::unique_ptr<ColumnBuilder> builder;  // kept: it knows how much room a batch needs
    JsonCoercion::Column described;
  };

  Result<std::shared_ptr<arrow::Array>> Parse(const arrow::Array& texts, Parsed& parsed,
                                              std::vector<FieldChange>* changes);

  std::string stream_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<Parsed> parsed_;
  bool warned_ = false;
};

}  // namespace millrace
