#include "declarative/manifest/manifest_validator.h"

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "base/nearest_names.h"
#include "declarative/manifest/component.h"
#include "declarative/manifest/component_table.h"
#include "declarative/manifest/rule_check.h"
#include "declarative/manifest/value_kind.h"

namespace millrace {
namespace {

using Kind = ValueRule::Kind;

std::string Quoted(const std::vector<std::string>& words) {
  return fmt::format("'{}'", fmt::join(words, "', '"));
}

/// The `type` of a mapping, when it is text.
std::string_view TypeOf(const PyValue& value) {
  const PyValue* type = value.Find("type");
  return type != nullptr && type->is_str() ? std::string_view(type->str()) : std::string_view();
}

/// Finds what is wrong with a value that doesn't follow its rule. Each step goes on to the part
/// that is at fault, so the walk is as deep as the manifest at most.
class Explanation {
 public:
  Explanation(const ComponentTable& table, const YamlLines* lines) : table_(table), lines_(lines) {}

  /// `field` is what the value is called in its component; empty: it is a component itself.
  Status Explain(const ValueRule& rule, const PyValue& value, const Component& owner,  // NOLINT
                 const std::string& field) {
    if (rule.kind == Kind::kChoice) return ExplainChoice(rule, value, owner, field);
    if (!FollowsRuleItself(rule, value)) {
      return Wrong(owner, field, fmt::format("must be {}, not {}", Name(rule), Shown(value)),
                   Hint(rule, value));
    }
    const ValueRule& inner = table_.rule(rule.inner);
    if (rule.kind == Kind::kList) {
      for (size_t i = 0; i < value.items().size(); ++i) {
        const PyValue& item = value.items()[i];
        if (!FollowsRule(table_, inner, item)) {
          return Explain(inner, item, owner, fmt::format("{}.{}", field, i));
        }
      }
    }
    if (rule.kind == Kind::kMap) {
      for (const auto& [key, item] : value.dict()) {
        if (FollowsRule(table_, inner, item)) continue;
        return Explain(inner, item, owner,
                       fmt::format("{}.{}", field, key.is_str() ? key.str() : "(key)"));
      }
    }
    if (rule.kind == Kind::kObject) return ExplainObject(rule, value, owner, field);
    return Wrong(owner, field, "is not what it must be", "");
  }

 private:
  Status ExplainObject(const ValueRule& rule, const PyValue& value,  // NOLINT(misc-no-recursion)
                       const Component& owner, const std::string& field) {
    const Component component(value, PathOf(owner, field));
    std::vector<std::string> unknown;
    for (const auto& [key, item] : value.dict()) {
      if (key.is_str() && rule.FindField(key.str()) == nullptr) unknown.push_back(key.str());
    }
    // What is there and wrong comes before what is missing: it may be the reason.
    for (const ValueRule::Field& known : rule.fields) {
      const PyValue* item = value.Find(known.name);
      if (item == nullptr || FollowsRule(table_, table_.rule(known.rule), *item)) continue;
      return Explain(table_.rule(known.rule), *item, component, known.name);
    }
    for (const ValueRule::Field& known : rule.fields) {
      if (!known.required || value.dict().Contains(std::string_view(known.name))) continue;
      const std::vector<std::string> near = NearestNames(known.name, unknown, 1);
      return Wrong(component, known.name, "is missing",
                   near.empty() ? "" : fmt::format("; is {} meant to be it?", near.front()));
    }
    if (!rule.needs.empty() && !HasAnyOf(value.dict(), rule.needs)) {
      return component.Error(fmt::format("needs {}", fmt::join(rule.needs, " or ")));
    }
    std::vector<std::string> known;
    for (const ValueRule::Field& other : rule.fields) known.push_back(other.name);
    const std::string first = unknown.empty() ? "a key that is no text" : unknown.front();
    return Wrong(component, first, "is no field that it has", DidYouMean(first, known));
  }

  Status ExplainChoice(const ValueRule& rule, const PyValue& value,  // NOLINT(misc-no-recursion)
                       const Component& owner, const std::string& field) {
    const std::vector<const ValueRule*> choices = Flattened(rule);
    std::vector<std::string> types;
    for (const ValueRule* choice : choices) {
      if (value.is_list() && choice->kind == Kind::kList) {
        return Explain(*choice, value, owner, field);
      }
      const ValueRule::Field* type = choice->FindField("type");
      if (type == nullptr) continue;
      for (const std::string& word : table_.rule(type->rule).words) {
        if (value.is_dict() && word == TypeOf(value)) return Explain(*choice, value, owner, field);
        types.push_back(word);
      }
    }
    const auto is_map = [](const ValueRule* choice) { return choice->kind == Kind::kMap; };
    if (value.is_dict()) {
      for (const ValueRule* choice : choices) {
        if (is_map(choice)) return Explain(*choice, value, owner, field);
      }
    }
    if (!value.is_dict() || types.empty()) {
      return Wrong(owner, field, fmt::format("must be {}, not {}", Names(choices), Shown(value)),
                   "");
    }
    const Component component(value, PathOf(owner, field));
    if (TypeOf(value).empty()) {
      return Wrong(owner, field, fmt::format("has no type: {}", fmt::join(types, ", ")), "");
    }
    return Wrong(owner, field, fmt::format("can't be of type '{}'", TypeOf(value)),
                 HintOrAll(std::string(TypeOf(value)), types));
  }

  /// The choices of a choice, with those of its own choices.
  std::vector<const ValueRule*> Flattened(const ValueRule& rule) const {  // NOLINT
    std::vector<const ValueRule*> all;
    for (const int index : rule.choices) {
      const ValueRule& choice = table_.rule(index);
      if (choice.kind != Kind::kChoice) {
        all.push_back(&choice);
        continue;
      }
      for (const ValueRule* inner : Flattened(choice)) all.push_back(inner);
    }
    return all;
  }

  static std::string HintOrAll(const std::string& name, const std::vector<std::string>& known) {
    const std::string hint = DidYouMean(name, known);
    return hint.empty() ? fmt::format(": {} may stand here", fmt::join(known, ", ")) : hint;
  }

  static std::string Hint(const ValueRule& rule, const PyValue& value) {
    return rule.kind == Kind::kWords && value.is_str() ? DidYouMean(value.str(), rule.words) : "";
  }

  std::string Names(const std::vector<const ValueRule*>& choices) const {
    constexpr size_t kNamesMax = 4;
    std::vector<std::string> names;
    for (const ValueRule* choice : choices) names.push_back(Name(*choice));
    if (names.size() > kNamesMax) {
      names.resize(kNamesMax - 1);
      names.push_back("one of the other types that belong there");
    }
    return fmt::format("{}", fmt::join(names, " or "));
  }

  std::string Name(const ValueRule& rule) const {
    const std::string bound =
        rule.minimum.has_value()
            ? fmt::format(" {} {}", rule.above_minimum ? "above" : "of at least", *rule.minimum)
            : "";
    switch (rule.kind) {
      case Kind::kText:
        return "text";
      case Kind::kInteger:
        return "a whole number" + bound;
      case Kind::kNumber:
        return "a number" + bound;
      case Kind::kBoolean:
        return "true or false";
      case Kind::kNull:
        return "null";
      case Kind::kWords:
        return (rule.words.size() == 1 ? "" : "one of ") + Quoted(rule.words);
      case Kind::kList:
        return rule.items_min > 0 ? fmt::format("a list of at least {}", rule.items_min)
               : rule.distinct    ? "a list without repeats"
                                  : "a list";
      case Kind::kObject:
        return rule.component.empty() ? "a mapping" : rule.component;
      default:
        return "a mapping";
    }
  }

  static std::string Shown(const PyValue& value) {
    constexpr size_t kShownMax = 60;
    if (value.is_str() && value.str().size() <= kShownMax) return fmt::format("'{}'", value.str());
    return std::string(ValueKind(value));
  }

  static std::string PathOf(const Component& owner, const std::string& field) {
    if (field.empty()) return owner.path();
    return owner.path().empty() ? field : fmt::format("{}.{}", owner.path(), field);
  }

  Status Wrong(const Component& owner, const std::string& field, std::string_view what,
               const std::string& hint) const {
    if (field.empty()) return owner.Error(fmt::format("{}{}", what, hint));
    const std::string key = field.substr(0, field.find('.'));
    const int line =
        lines_ == nullptr || owner.line() == 0 ? 0 : lines_->OfField(owner.line(), key);
    const std::string place =
        line > 0 && line != owner.line() ? fmt::format(" (line {})", line) : "";
    return owner.FieldError(field + place, fmt::format("{}{}", what, hint));
  }

  const ComponentTable& table_;
  const YamlLines* lines_;
};

}  // namespace

Status ValidateManifest(const PyValue& manifest, const YamlLines* lines) {
  return ValidateComponent(manifest, "DeclarativeSource", "", lines);
}

Status ValidateComponent(const PyValue& component, std::string_view type, std::string_view path,
                         const YamlLines* lines) {
  const ComponentTable& table = ComponentTable::Get();
  const ValueRule* rule = table.Find(type);
  if (rule == nullptr) return SystemError("{} is no component of the table", type);
  if (FollowsRule(table, *rule, component)) return Status::Ok();
  return Explanation(table, lines)
      .Explain(*rule, component, Component(component, std::string(path)), "");
}

}  // namespace millrace
