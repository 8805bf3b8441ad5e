#pragma once

namespace millrace {

/// Ends the process without unwinding, from any thread, while others may hang: kills the programs
/// that it runs, with all that descends from them, and removes their folders and containers first,
/// for those hold secrets. Takes milliseconds, but 20 s at most for each container.
[[noreturn]] void LeaveAtOnce(int exit_code);

}  // namespace millrace
