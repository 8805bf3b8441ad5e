#include "connector/arrow_status.h"

#include <arrow/util/io_util.h>

#include "base/file_io.h"

namespace millrace {

Status FromArrow(const arrow::Status& status, std::string_view doing) {
  if (status.ok()) return Status::Ok();
  if (status.IsCancelled()) return Status::Canceled();
  if (const int error_number = arrow::internal::ErrnoFromStatus(status); error_number != 0) {
    return ErrnoError(error_number, doing);
  }
  if (status.IsInvalid() || status.IsTypeError() || status.IsSerializationError()) {
    return ConfigError("{}: {}", doing, status.message());
  }
  if (status.IsIOError()) return TransientError("{}: {}", doing, status.message());
  return SystemError("{}: {}", doing, status.ToString());
}

}  // namespace millrace
