#include "pipeline/flushed_rows.h"

#include <iterator>

namespace millrace {

void FlushedRows::Add(FlushedRows other) {
  parts.insert(parts.end(), std::make_move_iterator(other.parts.begin()),
               std::make_move_iterator(other.parts.end()));
  records += other.records;
  for (const auto& [stream, rows] : other.derived) derived[stream] += rows;
}

}  // namespace millrace
