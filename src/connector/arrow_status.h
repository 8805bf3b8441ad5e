#pragma once

#include <arrow/result.h>
#include <arrow/status.h>

#include <string_view>

#include "base/result.h"

namespace millrace {

/// Arrow's error as ours: out of memory and I/O errors are transient or the disk's (its errno is
/// looked at), invalid data is a config error, the rest a system error. `doing` is a gerund.
Status FromArrow(const arrow::Status& status, std::string_view doing);

}  // namespace millrace

/// Returns with FromArrow(...) unless the arrow::Status is ok.
#define MR_ARROW_RETURN_IF_ERROR(expression, doing)                              \
  do {                                                                           \
    if (::arrow::Status mr_arrow_status = (expression); !mr_arrow_status.ok()) { \
      return ::millrace::FromArrow(mr_arrow_status, (doing));                    \
    }                                                                            \
  } while (false)

#define MR_ARROW_ASSIGN_OR_RETURN_(result, target, expression, doing)       \
  auto result = (expression);                                               \
  if (!result.ok()) return ::millrace::FromArrow(result.status(), (doing)); \
  target = std::move(result).ValueUnsafe()

/// MR_ARROW_ASSIGN_OR_RETURN(auto batch, reader->Next(), "reading data.parquet")
#define MR_ARROW_ASSIGN_OR_RETURN(target, expression, doing) \
  MR_ARROW_ASSIGN_OR_RETURN_(MR_CONCAT(mr_arrow_, __LINE__), target, expression, doing)
