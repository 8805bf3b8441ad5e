#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace millrace {

/// What a node is, by YAML 1.1's tags (tag:yaml.org,2002:…).
enum class YamlTag {
  kNull,
  kBool,
  kInt,
  kFloat,
  kBinary,
  kTimestamp,
  kStr,
  kSeq,
  kMap,
  kSet,
  kOmap,
  kPairs,
  kMerge,    ///< "<<" as a plain scalar
  kDefault,  ///< "=" as a plain scalar
  kUnknown,  ///< any other: nothing can be made of it
};

/// A node of YAML's graph: an alias is the same node once more.
struct YamlNode {
  enum class Kind { kScalar, kSequence, kMapping };
  Kind kind = Kind::kScalar;
  YamlTag tag = YamlTag::kStr;
  std::string unknown_tag;                               ///< as written, when it's kUnknown
  int line = 0, column = 0;                              ///< from 1
  std::string text;                                      ///< of a scalar
  std::vector<YamlNode*> items;                          ///< of a sequence
  std::vector<std::pair<YamlNode*, YamlNode*>> entries;  ///< of a mapping
  bool flattened = false;  ///< merge keys were replaced by what they stand for
  bool open = false;       ///< something is being made of it at the moment
};

/// One document. Owns the nodes; root is null when there is no document.
struct YamlGraph {
  std::deque<YamlNode> nodes;
  YamlNode* root = nullptr;
};

/// Which of PyYAML's exceptions a failure is: code that asks for YAML "if possible" depends on it.
enum class YamlFailure {
  kNone,
  kReader,       ///< characters that YAML doesn't allow
  kScanner,      ///< text that starts no token
  kTab,          ///< of those: a tab where a token should start
  kSurrogate,    ///< of those: "\\ud83d" that isn't half of a pair
  kDirective,    ///< of those: "%" in a directive's name
  kParser,       ///< tokens in the wrong order
  kComposer,     ///< aliases, anchors, a second document
  kConstructor,  ///< nodes that no value can be made of
  kValue,        ///< a date that doesn't exist, digits that are none
  kTooLarge,     ///< a bound of ours
};

/// "line 3, column 5: …", a config error.
Status YamlError(int line, int column, std::string_view what);

/// Whether tabs may stand between tokens: libyaml allows it, Python's own scanner doesn't.
enum class YamlTabs { kAllowed, kRefused };

/// Reads the text into a graph. Exactly one document, or none. Bounds: 64 MB of text, 2,000,000
/// nodes, 250 levels. `failure` tells the kind of error.
Result<YamlGraph> ComposeYaml(std::string_view text, YamlTabs tabs, YamlFailure* failure);

}  // namespace millrace
