#pragma once

namespace millrace {

/// How many threads that compute are worth having: the machine's processors, or fewer where a limit
/// was set.
int UsableThreads();

/// Bounds it from now on; at least one is left. 0 or less: no bound.
void SetUsableThreads(int most);

}  // namespace millrace
