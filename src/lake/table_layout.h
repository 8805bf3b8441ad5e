#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lake/key_pattern.h"
#include "lake/name_template.h"

namespace millrace {

/// Where a destination's files lie: Airbyte's fields, empty when absent.
struct LayoutConfig {
  std::string bucket_path;        ///< s3_bucket_path; may hold placeholders
  std::string path_format;        ///< s3_path_format
  std::string file_name_pattern;  ///< file_name_pattern
};

/// The names of one table's files and of its manifests, below the store's root. A plain value.
class TableLayout {
 public:
  TableLayout(const LayoutConfig& config, const StreamDescriptor& stream,
              std::string_view extension);

  /// The key of a file. Two part numbers never give the same one.
  std::string KeyOf(const FileNaming& naming) const;

  /// Of every key that KeyOf gives, for any naming.
  const KeyPattern& pattern() const { return pattern_; }

  /// The same text for two tables that would share a key.
  std::string ExampleKey() const;

  /// The folder of the table's manifests, with '/' at its end.
  const std::string& manifest_folder() const { return manifest_folder_; }

 private:
  NameTemplate name_;
  std::string manifest_folder_;
  KeyPattern pattern_;
};

/// The folder that every hidden object of a destination lies in, with '/' at its end.
std::string InternalFolderOf(const LayoutConfig& config);

}  // namespace millrace
