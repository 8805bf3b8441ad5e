#pragma once

namespace millrace {

/// Sends the process's log to standard error in a server's form: "2026-11-22T07:42:21.123Z INFO
/// message", or with `json` one document a line: {"timestamp", "level", "message"}.
void UseServerLog(bool json);

}  // namespace millrace
