#include "connector/change_batch.h"

#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>

namespace millrace {

int64_t ChangeBatch::num_rows() const { return rows ? rows->num_rows() : 0; }

int64_t ChangeBatch::num_bytes() const { return rows ? arrow::util::TotalBufferSize(*rows) : 0; }

}  // namespace millrace
