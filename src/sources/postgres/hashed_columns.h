#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sources/postgres/table.h"

namespace millrace {

/// What the hash of a row (see HashRow) is made over, as states keep it: each column's name, and
/// the type that decides how its values look on the wire: "id integer", "name text".
std::vector<std::string> HashedColumns(const std::vector<TableColumn>& columns);

/// Where in `columns` those of a state are, in the state's order: a hash over them is the one that
/// the state's sync made, whatever columns were added since. `hashed` empty (an older state): all.
/// Nullopt when one was dropped, or has values of another form.
std::optional<std::vector<int>> FindHashedColumns(const std::vector<std::string>& hashed,
                                                  const std::vector<TableColumn>& columns);

}  // namespace millrace
