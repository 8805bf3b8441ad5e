#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"

namespace millrace {

/// What the values of a column mean, by their type at the source: two values are the same when
/// they mean the same, in whatever type a destination holds them.
enum class ValueKind { kNumber, kBoolean, kText, kBytes, kDate, kTime, kTimestamp, kJson };

ValueKind ValueKindOf(const arrow::DataType& source_type);

/// Replaces `hashes` by one hash a value. A value of a type that such a kind is never held in is
/// hashed by its text, so that it differs rather than passes.
void HashValues(const arrow::Array& column, ValueKind kind, std::vector<uint64_t>* hashes);

/// The hash of null.
inline constexpr uint64_t kNullHash = 0x6E756C6C6E756C6CU;

/// A value for people: its JSON form, a text without its quotes; "null".
std::string ValueTextOf(const arrow::Array& column, int64_t row);

}  // namespace millrace
