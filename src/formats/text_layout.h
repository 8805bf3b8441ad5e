#pragma once

#include <arrow/type_fwd.h>

#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// What the columns of a text file are. Airbyte's files without flattening have its metadata
/// columns and, in `_airbyte_data`, one JSON object of all others. Without metadata columns there
/// is nothing to wrap with, so the columns stand by themselves. A plain value.
struct TextLayout {
  static constexpr std::string_view kDataColumn = "_airbyte_data";

  bool wrapped = false;
  std::vector<int> plain;  ///< columns of their own
  std::vector<int> data;   ///< columns inside `_airbyte_data`, when wrapped
};

TextLayout TextLayoutOf(const arrow::Schema& schema, bool flatten);

}  // namespace millrace
