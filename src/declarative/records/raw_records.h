#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "declarative/jinja/py_value.h"
#include "declarative/records/declarative_record.h"

namespace millrace {

// Records as pieces of a reply's JSON text, for streams in which nothing looks into them on their
// way from the API to columns (RecordSelector::SelectRaw): about three times as fast as values. And
// for large replies, whose records become values one by one (RecordSelector::SelectInPieces).

/// The records that a DpathExtractor finds at `path`, plain keys, in a JsonDecoder's reply.
/// Nothing: this reply has to be read as values, because it isn't JSON as orjson takes it, or its
/// records aren't objects, or it has numbers that wouldn't come out as they are written. Numbers
/// keep their digits ("1.50"); their values are those that a value has. `body` is followed by
/// JsonScanner::kPadding readable bytes, the first of them a control character; the records point
/// into it. Linear.
std::optional<std::vector<std::string_view>> FindRawRecords(std::string_view body,
                                                            std::span<const std::string> path);

/// The member of a record that FindRawRecords found; nothing when it has none such. For cursors.
std::optional<PyValue> RawMember(std::string_view record, std::string_view name);

/// All of a record as a value, whether it was read as one or not.
Result<PyValue> WholeRecord(const DeclarativeRecord& record);

}  // namespace millrace
