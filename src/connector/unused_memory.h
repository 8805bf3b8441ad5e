#pragma once

namespace millrace {

/// Gives the memory back to the system that the allocators keep for later: between two phases of
/// work that need different things. Takes some milliseconds. Thread-safe.
void ReturnUnusedMemory();

}  // namespace millrace
