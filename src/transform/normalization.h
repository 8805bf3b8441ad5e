#pragma once

namespace millrace {

/// What a connection wants beside, or instead of, its streams as they are (PRODUCT: normalization,
/// raw_tables). A plain value.
struct NormalizationOptions {
  /// Nested objects become columns, arrays of objects become child tables.
  bool basic = false;
  /// Each stream also gets a table _airbyte_raw_<stream> of its records as JSON.
  bool raw_tables = false;
};

}  // namespace millrace
