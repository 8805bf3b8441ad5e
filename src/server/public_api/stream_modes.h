#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace millrace {

/// The public API's one word for how a stream is synced, and the config API's two.
struct StreamMode {
  std::string_view name;              ///< "incremental_deduped_history"
  std::string_view sync_mode;         ///< "incremental"
  std::string_view destination_mode;  ///< "append_dedup"
};

/// By the public API's word; null: there is none.
const StreamMode* FindStreamMode(std::string_view name);
/// By the config API's words; null: there is none.
const StreamMode* FindStreamMode(std::string_view sync_mode, std::string_view destination_mode);

/// The modes that a stream (the config API's) can be synced in, into a destination that supports
/// `destination_modes` (the protocol's words); without those, into any. Only modes that every
/// version of the SDKs knows.
std::vector<std::string> PossibleModes(const Json& stream,
                                       const std::vector<std::string>& destination_modes);

}  // namespace millrace
