#pragma once

#include <cstdint>
#include <vector>

#include "sources/postgres/wire_value.h"

namespace millrace {

/// 64 bits that stand for a row's first `columns` values as the server sent them: the same row
/// gives the same hash in every sync. Two rows of a sync's (at most 10,000) remembered ones collide
/// with a probability of about 10^-12.
uint64_t HashRow(const std::vector<WireField>& fields, int columns);
/// The same over the values at these places, in their order.
uint64_t HashRow(const std::vector<WireField>& fields, const std::vector<int>& places);

}  // namespace millrace
