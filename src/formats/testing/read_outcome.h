#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/check.h"
#include "formats/testing/memory_reader.h"

namespace millrace {

/// For fuzz targets: what reading a file came to, its failure or its rows.
struct ReadOutcome {
  std::string failure;
  int64_t rows = 0;
  std::string text;

  void Add(const arrow::RecordBatch& batch) {
    MR_CHECK(batch.ValidateFull().ok(), "a batch is valid");
    rows += batch.num_rows();
    text += batch.ToString();
  }
};

/// Reads `file` by read(bytes, piece) as a whole and in pieces of 1 to 7 bytes: the outcome does
/// not depend on how the bytes were cut into reads.
template <typename Read>
void CheckSameInPieces(std::string_view file, uint8_t random, const Read& read) {
  const ReadOutcome whole = read(file, int64_t{1} << 20);
  const ReadOutcome pieces = read(file, int64_t{1} + random % 7);
  MR_CHECK(whole.failure == pieces.failure, "the same failure");
  MR_CHECK(whole.rows == pieces.rows && whole.text == pieces.text, "the same rows");
}

}  // namespace millrace
