#include "golden_file.h"

#include <fmt/ranges.h>

#include <sstream>

#include "base/file_io.h"

namespace millrace::synctest {
namespace {

constexpr std::string_view kIndent = "  ";

bool IsBlankOrComment(const std::string& line) {
  return line.find_first_not_of(' ') == std::string::npos || line[0] == '#';
}

}  // namespace

Result<GoldenFile> GoldenFile::Load(const std::filesystem::path& path) {
  MR_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  GoldenFile file;
  file.path_ = path;
  std::istringstream lines(text);
  std::vector<std::string> skipped;
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    if (IsBlankOrComment(line)) {
      skipped.push_back(line);
    } else if (!line.starts_with(' ')) {
      file.commands_.push_back({number, line, {}});
      file.before_.push_back(std::move(skipped));
      skipped.clear();
    } else if (file.commands_.empty() || !skipped.empty() || !line.starts_with(kIndent)) {
      return ConfigError("{}:{}: an indented line belongs right below a command, by two spaces",
                         path.string(), number);
    } else {
      file.commands_.back().block.push_back(line.substr(kIndent.size()));
    }
  }
  file.tail_ = std::move(skipped);
  return file;
}

void GoldenFile::SetBlock(size_t command, std::vector<std::string> block) {
  commands_[command].block = std::move(block);
}

Status GoldenFile::Save() const {
  std::vector<std::string> lines;
  for (size_t i = 0; i < commands_.size(); ++i) {
    lines.insert(lines.end(), before_[i].begin(), before_[i].end());
    lines.push_back(commands_[i].head);
    for (const std::string& line : commands_[i].block) {
      lines.push_back(std::string(kIndent) + line);
    }
  }
  lines.insert(lines.end(), tail_.begin(), tail_.end());
  return WriteFileAtomically(path_, fmt::format("{}\n", fmt::join(lines, "\n")));
}

std::vector<std::string> Words(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

}  // namespace millrace::synctest
