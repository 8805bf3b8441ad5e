#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "formats/json_scanner.h"

namespace millrace {

/// What of a line of the Airbyte Protocol is needed at once, without a tree of the rest: records
/// come by the million. Slices of the line.
struct MessageEnvelope {
  std::string type;                               // "RECORD"
  std::optional<std::string> stream, name_space;  // of a record
  std::string_view data, meta, emitted_at;        // of a record, as JSON; data: an object, or empty
};

/// Reads the value of "data", an object, while the envelope around it is read: what is known of it
/// so far stands in `envelope`. What is wrong with the value; null when it was read or skipped.
using ReadData = std::function<const char*(JsonScanner& scanner, const MessageEnvelope& envelope)>;

/// Reads a line, behind which there are JsonScanner::kPadding readable bytes, the first of them a
/// control character. What is wrong with it; null when it is a message.
const char* ScanMessage(std::string_view line, const ReadData& read_data,
                        MessageEnvelope* envelope);

/// A record's `emitted_at` in milliseconds, if it is a time that a date can be made of (before the
/// year 10000).
std::optional<int64_t> EmittedAtOf(const MessageEnvelope& envelope);

}  // namespace millrace
