#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/environment_text.h"
#include "base/json.h"
#include "base/result.h"
#include "protocol/json_field.h"

namespace millrace {

/// A YAML file as JSON, which remembers where each value stood. Places are JSON pointers ("" is
/// the root). Scalars follow YAML 1.2's core schema (so `yes` is a text); quoted ones are texts. A
/// plain value; safe against files made to exhaust memory.
class YamlDocument {
 public:
  /// Parses `text` and resolves ${…} in its scalars. `name` stands before errors, with line and
  /// column. Refused: syntax errors, two equal keys in one mapping, keys that are no scalars,
  /// several documents, a missing environment variable.
  static Result<YamlDocument> Parse(std::string_view text, std::string name,
                                    const Environment& environment);

  /// The same of a text in which ${…} means nothing.
  static Result<YamlDocument> ParseLiterally(std::string_view text, std::string name);

  const Json& root() const { return *root_; }
  const std::string& name() const { return name_; }
  /// Where a ${…} was replaced.
  const std::set<std::string>& from_environment() const { return from_environment_; }
  /// The same below `pointer`, relative to it.
  std::set<std::string> FromEnvironmentBelow(const std::string& pointer) const;

  /// "file.yaml:12:3", or the nearest enclosing value's place.
  std::string PlaceOf(std::string pointer) const;
  /// A config error with the place before it: "file.yaml:12:3: message".
  Status ErrorAt(const std::string& pointer, std::string_view message) const;

 private:
  friend class YamlReader;
  static Result<YamlDocument> ParseWith(std::string_view text, std::string name,
                                        const Environment* environment);
  struct Place {
    int line = 0, column = 0;  // from 1
  };

  std::string name_;
  JsonValue root_;
  std::map<std::string, Place> places_;  // of the key, for a mapping's values
  std::set<std::string> from_environment_;
};

/// `key` as a part of a JSON pointer ("~" and "/" escaped).
std::string PointerPart(std::string_view key);

}  // namespace millrace
