#pragma once

#include <fstream>
#include <string>
#include <vector>

namespace millrace {

/// For tests: the rows of testdata/`name`, split at tabs; comments ("#") are left out.
inline std::vector<std::vector<std::string>> GoldenRows(const std::string& name) {
  std::ifstream file(MILLRACE_SOURCE_DIR "/src/declarative/manifest/testdata/" + name);
  std::vector<std::vector<std::string>> rows;
  std::string line;
  while (std::getline(file, line)) {
    if (line.empty() || line.starts_with('#')) continue;
    std::vector<std::string> columns;
    for (size_t begin = 0; begin <= line.size();) {
      const size_t end = std::min(line.find('\t', begin), line.size());
      columns.push_back(line.substr(begin, end - begin));
      begin = end + 1;
    }
    rows.push_back(std::move(columns));
  }
  return rows;
}

}  // namespace millrace
