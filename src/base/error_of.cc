#include "base/error_of.h"

namespace millrace {

Error ErrorOf(const Status& status) {
  if (status.failed()) return status.error();
  return {FailureType::kSystemError, status.ToString(), {}, {}};
}

}  // namespace millrace
