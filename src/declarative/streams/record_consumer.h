#pragma once

#include "base/status.h"
#include "declarative/records/declarative_record.h"

namespace millrace {

/// Takes the records of one reading, in order. One thread.
class RecordConsumer {
 public:
  virtual ~RecordConsumer() = default;
  virtual Status Take(DeclarativeRecord record) = 0;
  /// False: the reading ends, successfully, before the next record.
  virtual bool wants_more() const { return true; }
};

}  // namespace millrace
