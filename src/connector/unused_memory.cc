#include "connector/unused_memory.h"

#include <cstdlib>  // defines __GLIBC__

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "connector/block_pool.h"

namespace millrace {

void ReturnUnusedMemory() {
  BlockPool()->ReleaseUnused();
  arrow::default_memory_pool()->ReleaseUnused();
#if defined(__GLIBC__)
  ::malloc_trim(0);
#endif
}

}  // namespace millrace
