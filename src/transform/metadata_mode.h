#pragma once

namespace millrace {

/// Which of Airbyte's metadata columns stand before a stream's own (PRODUCT: metadata).
enum class MetadataMode {
  kCurrent,  ///< _airbyte_raw_id, _airbyte_extracted_at, _airbyte_meta, _airbyte_generation_id
  kClassic,  ///< _airbyte_ab_id, _airbyte_emitted_at
  kNone,
  kApart,  ///< no columns: changes and times stay beside the rows, for who makes its own of them
};

}  // namespace millrace
