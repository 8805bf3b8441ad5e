#pragma once

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "lake/manifest.h"

namespace millrace {

inline std::vector<std::string> KeysOf(const std::vector<DataFile>& files) {
  std::vector<std::string> keys;
  for (const DataFile& file : files) keys.push_back(file.key);
  return keys;
}

/// Moves what `taken` names from `files` to the result.
template <typename File, typename Predicate>
std::vector<File> TakeOut(std::vector<File>& files, Predicate taken) {
  const auto kept = std::stable_partition(files.begin(), files.end(),
                                          [&](const File& file) { return !taken(file); });
  std::vector<File> out(std::make_move_iterator(kept), std::make_move_iterator(files.end()));
  files.erase(kept, files.end());
  return out;
}

}  // namespace millrace
