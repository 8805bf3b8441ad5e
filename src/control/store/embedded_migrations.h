#pragma once

#include <span>
#include <string_view>

namespace millrace {

/// One file of migrations/.
struct EmbeddedMigration {
  std::string_view name;  ///< "0001_foundation"
  std::string_view sql;
};

/// In the order of their numbers, which begin at 1 and leave out none. Compiled in.
std::span<const EmbeddedMigration> EmbeddedMigrations();

}  // namespace millrace
