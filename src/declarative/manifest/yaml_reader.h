#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "declarative/jinja/py_value.h"
#include "declarative/manifest/yaml_composer.h"

namespace millrace {

/// The lines of a document's values, for messages. Lists and dicts carry their own lines.
class YamlLines {
 public:
  /// Of the value under that key in a dict that starts at `dict_line`; `dict_line` when unknown.
  int OfField(int dict_line, std::string_view key) const;
  void Add(int dict_line, std::string_view key, int line);

 private:
  std::unordered_map<std::string, int> lines_;
};

struct YamlOptions {
  /// Manifests are read with libyaml's rule; what templates make of text, with Python's.
  YamlTabs tabs = YamlTabs::kAllowed;
  YamlFailure* failure = nullptr;  ///< gets the kind of an error; may be null
  YamlLines* lines = nullptr;      ///< gets the lines of fields; may be null
};

/// Reads one document of YAML 1.1 (JSON is YAML, too) as PyYAML's safe_load does: its words for
/// true, false and null, its numbers, dates and timestamps (values of those kinds), merge keys,
/// anchors and aliases (one shared value), sets, binary data, ordered maps; the last of equal keys
/// wins. No document: None. Errors name line and column and are config errors.
///
/// Otherwise than PyYAML, a value that contains itself is refused, and so is a merge that makes
/// more than 2,000,000 entries.
Result<PyValue> ReadYaml(std::string_view text, const YamlOptions& options = {});

}  // namespace millrace
