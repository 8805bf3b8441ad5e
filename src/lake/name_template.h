#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/stream_descriptor.h"

namespace millrace {

/// What tells the files of one table apart.
struct FileNaming {
  WallTime at{};     ///< UTC: the attempt's start
  int64_t part = 0;  ///< from 0, never used twice in a table
  int64_t sync_id = 0;
};

/// A template of object names, parsed once, with the stream's own names filled in. Knows Airbyte's
/// placeholders: ${NAMESPACE} ${STREAM_NAME} ${YEAR} … ${UUID}, {schema} {table} {part_number}
/// {date:…} {timestamp:…} {sync_id} {format_extension}; anything else stays as it is. A plain
/// value.
class NameTemplate {
 public:
  static NameTemplate Parse(std::string_view text, const StreamDescriptor& stream,
                            std::string_view extension);

  std::string Render(const FileNaming& naming) const;

  /// The text with `mark` for whatever differs between files.
  std::string RenderMarked(char mark) const;

  /// True when each part number gives another name.
  bool tells_parts_apart() const;

 private:
  struct Token {
    enum class Kind {
      kText,
      kYear,
      kMonth,
      kDay,
      kHour,
      kMinute,
      kSecond,
      kMillisecond,
      kEpochMillis,
      kEpochMicros,
      kUuid,
      kPart,
      kSyncId,
      kDate
    };
    Kind kind = Kind::kText;
    std::string text;  // kText: itself; kDate: its pattern
    int width = 0;     // kPart: digits; 0: unpadded, from 0
  };

  static bool ParsePlaceholder(std::string_view name, bool dollar, const StreamDescriptor& stream,
                               std::string_view extension, Token& token);

  std::vector<Token> tokens_;
};

/// A stream's name or namespace as one part of an object name: never empty, never a path of its
/// own, nothing that hides it or leaves the folder.
std::string SafeNamePart(std::string_view name);

/// The same, and another one for any other name.
std::string EncodedNamePart(std::string_view name);

}  // namespace millrace
