#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "connector/change_batch.h"
#include "connector/source.h"

namespace millrace {

/// What becomes of a record that its stream's schema does not allow for: one with a value that
/// misses its column's type, or with a column that the schema lacks.
enum class ValidationPolicy {
  kEmit,             ///< what does not fit is null with a change; unknown columns are left out
  kSkip,             ///< the record is left out
  kWaitForDiscover,  ///< the stream stops there
};

/// How the texts of a CSV file stand for values that are no text.
struct TextMeanings {
  std::set<std::string, std::less<>> true_values, false_values;  ///< in lower case
  std::set<std::string, std::less<>> nulls;                      ///< in columns that are no text
};

/// Columns that say which file a record comes from.
inline constexpr const char* kFileTimeColumn = "_ab_source_file_last_modified";
inline constexpr const char* kFileUrlColumn = "_ab_source_file_url";

/// Fits the rows of one file into the columns of its stream: missing columns become null, values of
/// another type are converted by connector/coercion.md, the two columns about the file are added.
/// One thread.
class RowFitter {
 public:
  struct Rules {
    ValidationPolicy policy = ValidationPolicy::kEmit;
    /// Columns that the schema lacks count as a record that does not fit.
    bool unknown_columns_matter = true;
    const TextMeanings* meanings = nullptr;  ///< of CSV; outlives the fitter
  };

  RowFitter(SchemaPtr schema, Rules rules, std::string url, std::string time_text)
      : schema_(std::move(schema)),
        rules_(rules),
        url_(std::move(url)),
        time_text_(std::move(time_text)) {}

  /// `undeclared`: rows with keys that had no column, ascending. Rows that do not fit are left out,
  /// or a config error, as the policy has it; `rows` of the result may be empty, never null.
  Result<ChangeBatch> Fit(const ChangeBatch& batch, const std::vector<int64_t>& undeclared);

  int64_t skipped_rows() const { return skipped_; }

 private:
  Result<ChangeBatch> ToSchema(const ChangeBatch& batch);
  Result<std::shared_ptr<arrow::Array>> FileColumn(const std::string& name, int64_t rows) const;
  Status Convert(const arrow::RecordBatch& rows, const std::vector<int>& from,
                 const std::vector<int>& to, arrow::ArrayVector& columns,
                 ChangeBatch& fitted) const;
  void AppendToken(const arrow::Array& column, int64_t row, const arrow::DataType& target,
                   std::string& out) const;

  const SchemaPtr schema_;
  const Rules rules_;
  const std::string url_, time_text_;
  int64_t skipped_ = 0;
};

}  // namespace millrace
