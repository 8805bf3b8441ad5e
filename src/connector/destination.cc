#include "connector/destination.h"

#include "base/log.h"

namespace millrace {

Status StreamWriter::Truncate() {
  Log(LogLevel::kWarn, "the source emptied a table; this destination keeps the rows it has");
  return Status::Ok();
}

Status Load::EndStream(const StreamDescriptor&) { return Status::Ok(); }

MergeTotals Load::TakeMergeTotals(const StreamDescriptor&) { return {}; }

}  // namespace millrace
