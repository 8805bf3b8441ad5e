#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace millrace {

/// A type of an Avro schema, with the Arrow type that its values become:
///
///   boolean             bool             bytes, fixed          binary
///   int, long           int64            string, enum          utf8
///   float, double       double           uuid                  utf8
///   decimal             decimal128, or 256 beyond 38 digits, or text beyond 76
///   date                date32           time-millis, -micros  time64[us]
///   timestamp-*         timestamp[us, UTC]    local-timestamp-*     timestamp[us]
///   record              struct           array                 list
///   map                 json_text()      null                  utf8
///   union               with one type beside null: that type; several scalars: utf8; else
///                       json_text()
struct AvroType {
  enum class Kind {
    kNull,
    kBoolean,
    kInt,
    kLong,
    kFloat,
    kDouble,
    kBytes,
    kString,
    kFixed,
    kEnum,
    kArray,
    kMap,
    kRecord,
    kUnion,
  };
  /// What a logical type makes of the values.
  enum class Logical {
    kNone,
    kDecimal,
    kDate,
    kTimeMillis,
    kTimeMicros,
    kMillis,  ///< timestamps, local or not
    kMicros,
    kNanos,
  };

  Kind kind = Kind::kNull;
  Logical logical = Logical::kNone;
  bool local_time = false;
  int64_t size = 0;                ///< fixed
  int precision = 0, scale = 0;    ///< decimal
  std::vector<std::string> names;  ///< a record's fields, an enum's symbols
  /// A record's fields, a union's branches; an array's and a map's values.
  std::vector<std::shared_ptr<const AvroType>> children;
  std::shared_ptr<arrow::DataType> arrow_type;
  /// The fewest bytes a value takes.
  int64_t bytes_min = 0;
};

/// Nesting and named types within a schema are bounded by this.
inline constexpr int kAvroDepthMax = 64;

/// Reads the schema of an object container file, whose values must be records. Config errors say
/// what is wrong; a type that holds itself is refused by name.
Result<std::shared_ptr<const AvroType>> ParseAvroSchema(std::string_view json,
                                                        bool double_as_string);

}  // namespace millrace
