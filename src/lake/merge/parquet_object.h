#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "clients/object_store/object_store.h"
#include "formats/parquet_reader.h"

namespace millrace {

/// A Parquet file in an object store, to be read by parts. `store` outlives the reader; what is
/// read is added to `bytes_read` (unless null), which outlives it, too. Reads the footer: a
/// transient error when the object is gone.
Result<std::unique_ptr<ParquetReader>> OpenParquetObject(ObjectStore& store, const std::string& key,
                                                         std::atomic<int64_t>* bytes_read);

}  // namespace millrace
