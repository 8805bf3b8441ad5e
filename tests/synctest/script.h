#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/stream_descriptor.h"
#include "connector/source.h"

namespace millrace::synctest {

/// One thing that the scripted source does.
struct Step {
  enum class Kind {
    kOpen,        ///< open STREAM FIELD:TYPE …   (TYPE! is not nullable)
    kRow,         ///< row STREAM {json} [unchanged FIELD …] [nulled FIELD …]
    kTruncate,    ///< truncate STREAM
    kCheckpoint,  ///< checkpoint STREAM | checkpoint global
    kComplete,    ///< complete STREAM
    kRewritten,   ///< rewritten STREAM: the source can't go on in the middle of it
    kIncomplete,  ///< incomplete STREAM MESSAGE
    kPartition,   ///< partition STREAM ID: the rows that follow are read as this piece
    kFail,        ///< fail config|transient|system MESSAGE
    kInterrupt,   ///< interrupt: as SIGINT to `millrace sync`
    kCancel,      ///< cancel: as a user's cancel
  };

  Kind kind = Kind::kOpen;
  StreamDescriptor stream;             ///< empty name: global, or no stream
  SchemaPtr schema;                    ///< kOpen
  std::string text;                    ///< JSON of a row, a partition's id, a message
  std::string failure_type;            ///< kFail
  std::vector<std::string> unchanged;  ///< kRow
  std::vector<std::string> nulled;     ///< kRow
};

/// The steps of a `source` block; a config error names the line that can't be read.
Result<std::vector<Step>> ParseScript(const std::vector<std::string>& lines);

/// The fields FIELD:TYPE behind a command and its stream; TYPE may be {FIELD:TYPE,…} or [TYPE].
Result<SchemaPtr> ParseSchema(const std::vector<std::string>& words);

/// "public.orders", or "orders".
StreamDescriptor ParseStream(const std::string& text);

}  // namespace millrace::synctest
