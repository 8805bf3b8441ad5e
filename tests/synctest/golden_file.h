#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace millrace::synctest {

/// One command of a golden file: a line at the left margin and the indented lines below it.
struct Command {
  int line = 0;  ///< of its head, from 1
  std::string head;
  std::vector<std::string> block;  ///< without their indentation
};

/// A *.synctest file, taken apart so that blocks can be replaced and everything else (comments,
/// blank lines) comes back as it was.
class GoldenFile {
 public:
  static Result<GoldenFile> Load(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  const std::vector<Command>& commands() const { return commands_; }
  /// Replaces the block of a command.
  void SetBlock(size_t command, std::vector<std::string> block);
  /// Writes the file back.
  Status Save() const;

 private:
  std::filesystem::path path_;
  std::vector<Command> commands_;
  std::vector<std::vector<std::string>> before_;  ///< comments and blanks before each command
  std::vector<std::string> tail_;
};

/// The words of a line, split at spaces.
std::vector<std::string> Words(const std::string& line);

}  // namespace millrace::synctest
