#include "declarative/manifest/component_table.h"

#include <cctype>
#include <charconv>

#include "base/check.h"

namespace millrace {
namespace {

using Kind = ValueRule::Kind;

struct KindName {
  std::string_view name;
  Kind kind;
};
constexpr KindName kKinds[] = {
    {"any", Kind::kAny},       {"text", Kind::kText},       {"integer", Kind::kInteger},
    {"number", Kind::kNumber}, {"boolean", Kind::kBoolean}, {"null", Kind::kNull},
    {"mapping", Kind::kMap},   {"list", Kind::kList},       {"set", Kind::kList},
    {"map", Kind::kMap},
};

}  // namespace

/// Reads the table. It is a part of the program: a fault in it ends the program.
class ComponentTableParser {
 public:
  explicit ComponentTableParser(ComponentTable* table) : table_(table) {
    Add(ValueRule{});  // `any`
  }

  void Parse(std::string_view text) {
    while (!text.empty()) {
      const std::string line = TakeLogicalLine(&text);
      if (line.empty()) continue;
      rest_ = line;
      if (line.starts_with(' ')) {
        ParseField(current_);
      } else {
        ParseHeader();
      }
      MR_CHECK(AtEnd(), "the component table: " + line);
    }
    for (const auto& [name, index] : table_->names_) {
      MR_CHECK(defined_[index], "the component table has no " + name);
    }
  }

 private:
  /// A line and those that continue it (six spaces); empty for a comment.
  static std::string TakeLogicalLine(std::string_view* text) {
    std::string line;
    do {
      const size_t end = std::min(text->find('\n'), text->size());
      line += text->substr(0, end);
      text->remove_prefix(std::min(end + 1, text->size()));
    } while (text->starts_with("      "));
    return line.starts_with('#') ? std::string() : line;
  }

  int Add(ValueRule rule) {
    table_->rules_.push_back(std::move(rule));
    defined_.push_back(true);
    return static_cast<int>(table_->rules_.size()) - 1;
  }
  /// The place of a named rule, which may come later.
  int Named(const std::string& name) {
    const auto [place, added] = table_->names_.emplace(name, 0);
    if (added) {
      place->second = Add(ValueRule{});
      defined_[place->second] = false;
    }
    return place->second;
  }

  void SkipBlanks() {
    while (!rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
  }
  bool AtEnd() {
    SkipBlanks();
    return rest_.empty();
  }
  bool Take(std::string_view token) {
    SkipBlanks();
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }
  void Expect(std::string_view token) {
    MR_CHECK(Take(token),
             "the component table: expected " + std::string(token) + " at " + std::string(rest_));
  }
  std::string TakeName() {
    SkipBlanks();
    size_t end = 0;
    while (end < rest_.size() && (std::isalnum(static_cast<unsigned char>(rest_[end])) != 0 ||
                                  rest_[end] == '_' || rest_[end] == '$')) {
      ++end;
    }
    MR_CHECK(end > 0, "the component table: expected a name at " + std::string(rest_));
    std::string name(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return name;
  }

  void ParseHeader() {
    const std::string name = TakeName();
    current_ = Named(name);
    defined_[current_] = true;
    if (Take("=")) {
      const int same = ParseChoice();
      table_->rules_[current_] = table_->rules_[same];
      return;
    }
    ValueRule rule{.kind = Kind::kObject, .component = name};
    bool typed = true;
    bool type_required = true;
    ValueRule type{.kind = Kind::kWords, .words = {name}};
    for (;;) {
      if (Take("closed")) {
        rule.closed = true;
      } else if (Take("loose")) {
        rule.loose = true;
      } else if (Take("untyped")) {
        typed = false;
      } else if (Take("type?")) {
        type_required = false;
      } else if (Take("type")) {
        type = table_->rules_[ParseChoice()];
      } else if (Take("needs")) {
        do {
          rule.needs.push_back(TakeName());
        } while (Take("|"));
      } else {
        break;
      }
    }
    if (typed) rule.fields.push_back({"type", type_required, Add(std::move(type))});
    if (!rule.closed) {
      rule.fields.push_back({"$parameters", false, Add(ValueRule{.kind = Kind::kMap})});
    }
    table_->rules_[current_] = std::move(rule);
  }

  void ParseField(int object) {
    ValueRule::Field field{.name = TakeName()};
    field.required = Take("*");
    Expect(":");
    field.rule = ParseChoice();
    table_->rules_[object].fields.push_back(std::move(field));
  }

  int ParseChoice() {  // NOLINT(misc-no-recursion): the table is ours
    std::vector<std::string> words;
    std::vector<int> choices;
    do {
      if (Take("'")) {
        const size_t end = rest_.find('\'');
        words.emplace_back(rest_.substr(0, end));
        rest_.remove_prefix(end + 1);
      } else {
        choices.push_back(ParseOne());
      }
    } while (Take("|"));
    if (!words.empty()) {
      choices.push_back(Add(ValueRule{.kind = Kind::kWords, .words = std::move(words)}));
    }
    if (choices.size() == 1) return choices.front();
    return Add(ValueRule{.kind = Kind::kChoice, .choices = std::move(choices)});
  }

  int ParseOne() {  // NOLINT(misc-no-recursion)
    if (Take("{")) return ParseInlineObject(/*loose=*/false);
    if (Take("loose{")) return ParseInlineObject(/*loose=*/true);
    const std::string name = TakeName();
    for (const KindName& known : kKinds) {
      if (known.name != name) continue;
      ValueRule rule{.kind = known.kind};
      rule.distinct = name == "set";
      if (Take("(")) {
        rule.inner = ParseChoice();
        Expect(")");
      }
      const bool at_least = Take(">=");
      rule.above_minimum = !at_least && Take(">");
      if (at_least || rule.above_minimum) {
        const double bound = TakeNumber();
        if (rule.kind == Kind::kList) rule.items_min = static_cast<size_t>(bound);
        if (rule.kind != Kind::kList) rule.minimum = bound;
      }
      return Add(std::move(rule));
    }
    return Named(name);
  }

  double TakeNumber() {
    double number = 0;
    const char* end = std::from_chars(rest_.data(), rest_.data() + rest_.size(), number).ptr;
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    return number;
  }

  int ParseInlineObject(bool loose) {  // NOLINT(misc-no-recursion)
    const int object = Add(ValueRule{.kind = Kind::kObject, .loose = loose});
    do {
      if (Take("closed")) {
        table_->rules_[object].closed = true;
      } else {
        ParseField(object);
      }
    } while (Take(","));
    Expect("}");
    return object;
  }

  ComponentTable* table_;
  std::vector<bool> defined_;
  std::string_view rest_;
  int current_ = 0;
};

const ValueRule::Field* ValueRule::FindField(std::string_view name) const {
  for (const Field& field : fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

const ComponentTable& ComponentTable::Get() {
  static const ComponentTable table = [] {
    ComponentTable made;
    ComponentTableParser(&made).Parse(ComponentTableText());
    return made;
  }();
  return table;
}

const ValueRule* ComponentTable::Find(std::string_view name) const {
  const auto found = names_.find(name);
  return found == names_.end() ? nullptr : &rules_[found->second];
}

}  // namespace millrace
