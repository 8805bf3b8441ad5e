#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "clients/object_store/object_store.h"

namespace millrace {

/// One visible object made of a table's files, one after the other: what destinations show whose
/// readers expect one file a stream. It is replaced as a whole, in one step. A plain value.
struct JoinedFile {
  std::string key;
  /// Where it is noted what the object was made of: it is made again only when that is different.
  std::string note_key;
  /// Of each file but the first, what stands before the end of its first line is left out.
  bool has_header = false;

  /// Makes the object of `parts`, unless it is made of them already; leaves it as it is when there
  /// are none. Durable when it returns. Can be repeated after a crash.
  Status Join(ObjectStore& store, const std::vector<std::string>& parts) const;
};

}  // namespace millrace
