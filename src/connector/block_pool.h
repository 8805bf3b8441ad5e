#pragma once

#include <arrow/memory_pool.h>

namespace millrace {

/// Where the large buffers of records come from: a reader's columns and what a file writer makes of
/// them. Batch after batch takes buffers of the same few sizes; what one gave back, the next gets,
/// its pages already there (a first touch of fresh pages costs more than to decode into them), and
/// no heap is cut up by them. Keeps at most 80 MiB of unused blocks, the last ones used; small
/// allocations are the system's. Lives as long as the process. Thread-safe.
arrow::MemoryPool* BlockPool();

}  // namespace millrace
