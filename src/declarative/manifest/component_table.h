#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// What may stand in a place of a manifest. Refers to others of the table by their index.
struct ValueRule {
  enum class Kind {
    kAny,
    kText,
    kInteger,  ///< 5.0 is one, too; true is none
    kNumber,
    kBoolean,
    kNull,
    kWords,   ///< text: one of `words`
    kList,    ///< `inner`: of each item
    kMap,     ///< a mapping; `inner`: of each value
    kObject,  ///< a mapping with `fields`
    kChoice,  ///< one of `choices`
  };
  struct Field {
    std::string name;
    bool required = false;
    int rule = 0;
  };

  Kind kind = Kind::kAny;
  std::vector<std::string> words;
  std::optional<double> minimum;  ///< of a number
  bool above_minimum = false;     ///< the minimum itself is too small
  size_t items_min = 0;           ///< of a list
  bool distinct = false;          ///< no item of the list is there twice
  int inner = 0;
  std::vector<int> choices;
  std::string component;  ///< a component's name; empty for other mappings
  std::vector<Field> fields;
  std::vector<std::string> needs;  ///< one of these fields must be there
  bool closed = false;             ///< no fields but these
  bool loose = false;              ///< what is no mapping passes

  const Field* FindField(std::string_view name) const;
};

/// The table of components (components.table), read once.
class ComponentTable {
 public:
  static const ComponentTable& Get();

  const ValueRule& rule(int index) const { return rules_[index]; }
  /// The rule of that name; null when there is none.
  const ValueRule* Find(std::string_view name) const;

 private:
  friend class ComponentTableParser;
  std::vector<ValueRule> rules_;  // the first is `any`
  std::map<std::string, int, std::less<>> names_;
};

/// The file's text.
std::string_view ComponentTableText();

}  // namespace millrace
