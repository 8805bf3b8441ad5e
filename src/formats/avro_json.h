#pragma once

#include <string>

#include "base/status.h"
#include "formats/avro_cursor.h"
#include "formats/avro_schema.h"

namespace millrace {

/// Appends the value at the cursor as JSON: maps as objects, bytes in base64, times in ISO 8601.
/// False: the bytes end early, or hold what the type does not have. `items_left` bounds the values
/// that take no bytes.
bool AppendAvroJson(const AvroType& type, AvroCursor& cursor, int64_t& items_left,
                    std::string& out);

/// Moves over the value at the cursor; false as above.
bool SkipAvro(const AvroType& type, AvroCursor& cursor, int64_t& items_left);

/// Appends a scalar as the text of a column of text: a string as it is, anything else as in JSON.
bool AppendAvroText(const AvroType& type, AvroCursor& cursor, std::string& out);

/// The digits of a two's complement number (most significant byte first) with `scale` of them
/// behind the point. `bytes` are at most 4,200.
std::string AvroDecimalText(std::string_view bytes, int scale);

/// Reads the count that begins a block of an array's or a map's items; 0 ends them. False when
/// there can't be so many.
bool ReadAvroBlock(AvroCursor& cursor, int64_t item_bytes_min, int64_t& items_left, int64_t* count);

}  // namespace millrace
