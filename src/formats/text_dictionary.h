#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "base/result.h"

namespace millrace {

/// The texts of `chunks` as one dictionary-encoded array, in which each distinct text stands once:
/// cheaper than to let the file writer hash every value. Null when there are more distinct texts
/// than a small dictionary has (4,096), or the chunks hold no text.
Result<std::shared_ptr<arrow::Array>> SmallTextDictionary(const arrow::ArrayVector& chunks);

}  // namespace millrace
