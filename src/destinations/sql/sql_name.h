#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// The names that tables and columns get in SQL systems: Airbyte's, so that what reads an
/// Airbyte-made table reads ours. Letters lose their marks (é → e); whatever else is not an ASCII
/// letter, a digit or '_' becomes '_'; a leading digit gets '_' before it; upper case stays. A name
/// longer than `bytes_max` keeps its first bytes and gets the hash of the whole. Never empty.
std::string SqlName(std::string_view name, size_t bytes_max);

/// The table of raw records of a stream: "public_raw__stream_users". The run of underscores in the
/// middle is longer than any in the two names, so that no two streams share one.
std::string RawTableName(std::string_view name_space, std::string_view name);

/// SqlName of each column, in order; one that differs from an earlier one only in case, or not at
/// all, gets "_1", "_2" …
std::vector<std::string> SqlColumnNames(const std::vector<std::string>& columns, size_t bytes_max);

/// `name` with a short hash of `identity` behind it, within `bytes_max`: for the second of two
/// streams whose tables would have one name.
std::string DistinctSqlName(std::string_view name, std::string_view identity, size_t bytes_max);

/// 12 hexadecimal digits that are the same for the same text, in every build.
std::string ShortHash(std::string_view text);

}  // namespace millrace
