#pragma once

#include <arrow/array/array_binary.h>
#include <arrow/buffer.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <utility>

#include "connector/arrow_status.h"
#include "connector/block_pool.h"

namespace millrace {

/// A column of `num_rows` texts of one width (ids, hashes), none null. `write(i, out)` writes the
/// width's characters of row i.
template <typename Write>
Result<std::shared_ptr<arrow::StringArray>> MakeFixedText(int64_t num_rows, int32_t width,
                                                          Write write) {
  constexpr const char* kDoing = "building a column of ids";
  if (num_rows > std::numeric_limits<int32_t>::max() / width - 1) {
    return SystemError("{}: {} rows are too many for one batch", kDoing, num_rows);
  }
  MR_ARROW_ASSIGN_OR_RETURN(auto text, arrow::AllocateBuffer(num_rows * width, BlockPool()),
                            kDoing);
  MR_ARROW_ASSIGN_OR_RETURN(auto offsets, arrow::AllocateBuffer((num_rows + 1) * 4, BlockPool()),
                            kDoing);
  char* out = reinterpret_cast<char*>(text->mutable_data());
  auto* offset = reinterpret_cast<int32_t*>(offsets->mutable_data());
  for (int64_t i = 0; i < num_rows; ++i) {
    offset[i] = static_cast<int32_t>(i * width);
    write(i, out + i * width);
  }
  offset[num_rows] = static_cast<int32_t>(num_rows * width);
  return std::make_shared<arrow::StringArray>(num_rows, std::move(offsets), std::move(text));
}

}  // namespace millrace
