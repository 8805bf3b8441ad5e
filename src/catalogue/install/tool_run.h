#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "subprocess/child_exit.h"

namespace millrace {

/// A program that is run to its end for what it prints. A plain value.
struct ToolCommand {
  std::vector<std::string> arguments;
  std::vector<std::string> environment;  ///< "NAME=value"; it has exactly these
  std::filesystem::path folder;
  std::chrono::seconds limit{60};  ///< it is stopped then
  /// Takes each line of both of its outputs, from any thread, one at a time. May be empty.
  std::function<void(std::string_view line)> on_line;
};

struct ToolEnd {
  std::string output;  ///< the first 16 MB of its standard output
  ChildExit exit;      ///< with the last lines of its standard error
};

/// Runs it and waits. A config error when it can't be started; transient: it took longer than its
/// limit; kCanceled: `stop` was requested. Whatever it started is gone afterwards.
Result<ToolEnd> RunTool(const ToolCommand& command, std::stop_token stop);

}  // namespace millrace
