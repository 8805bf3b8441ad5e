#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <vector>

#include "base/byte_reader.h"
#include "base/result.h"
#include "connector/change_batch.h"
#include "connector/source.h"
#include "formats/json_batch_decoder.h"
#include "formats/json_documents.h"
#include "formats/json_inference.h"

namespace millrace {

/// What one pass over (a part of) a JSON file has found out.
struct JsonSurvey {
  JsonInference inference;
  int64_t end_line = 0;  ///< the line after the last one surveyed
};

/// Looks at every record (at most `rows_max` of them, -1: all) of `input`, which stands on line
/// `first_line`. Config errors name the line and what is wrong there.
Result<JsonSurvey> SurveyJson(ByteReader& input, JsonDocuments::Layout layout, int64_t first_line,
                              int64_t rows_max, std::stop_token stop);

/// Reads the records of a JSON file, or of a part of one, into batches of a known schema. Keys that
/// the schema lacks are left out. One thread.
class JsonReader {
 public:
  /// `input` outlives the reader.
  static Result<std::unique_ptr<JsonReader>> Make(ByteReader& input, JsonDocuments::Layout layout,
                                                  SchemaPtr schema, int64_t first_line,
                                                  int64_t rows_max = -1);

  /// The next records: 122,880 or 4 MiB of them. `rows` is null at the end.
  Result<ChangeBatch> Next();
  /// The rows of that batch with keys that the schema lacks, ascending.
  const std::vector<int64_t>& undeclared_rows() const { return undeclared_rows_; }

 private:
  JsonReader(ByteReader& input, JsonDocuments::Layout layout, int64_t first_line, int64_t rows_max)
      : documents_(input, layout, first_line), rows_left_(rows_max) {}

  JsonDocuments documents_;
  std::unique_ptr<JsonBatchDecoder> decoder_;
  std::vector<int64_t> undeclared_rows_;
  int64_t rows_left_;  // below zero: no limit
};

}  // namespace millrace
