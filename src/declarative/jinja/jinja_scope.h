#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "declarative/jinja/jinja_node.h"

namespace millrace {

/// What becomes one activation at run time: the template, a macro, a recursive loop.
struct JinjaFunctionScope {
  explicit JinjaFunctionScope(const JinjaFunctionScope* outer)
      : depth(outer == nullptr ? 0 : outer->depth + 1) {}
  const int depth;
  std::map<std::pair<int, std::string>, uint16_t> slots;  ///< by level and name
};

/// The variables of one scope while a template is bound: which names it stores, and where each name
/// that is used in it comes from. The rules are Jinja's: what a loop or block sets doesn't leave
/// it; a name that only one branch sets comes from the context otherwise.
class JinjaScope {
 public:
  JinjaScope(JinjaFunctionScope* function, const JinjaScope* parent, int level)
      : function_(function), parent_(parent), level_(level) {}

  void Store(const std::string& name);
  void StoreParameter(const std::string& name);
  void Load(const std::string& name);
  /// Takes over what copies of this scope learnt in the branches of an if.
  void TakeBranches(const std::vector<JinjaScope>& branches);

  /// How `function` (this scope's, or one within it) refers to the name; none: it was never seen.
  std::optional<JinjaRef> Find(const std::string& name, const JinjaFunctionScope* function) const;
  /// What entering the scope does. Names from the context are numbered by `names`, which grows.
  std::vector<JinjaLoad> Loads(std::vector<std::string>* names) const;

  JinjaFunctionScope* function() const { return function_; }
  int level() const { return level_; }

 private:
  struct Place {
    const JinjaFunctionScope* function = nullptr;
    uint16_t slot = 0;
    auto operator<=>(const Place&) const = default;
  };
  enum class Source { kParameter, kContext, kOuter, kUndefined };
  struct Origin {
    Source source = Source::kUndefined;
    std::string name;  // kContext
    Place outer;       // kOuter
  };

  Place Define(const std::string& name, Origin origin);
  const Place* FindPlace(const std::string& name) const;
  JinjaRef RefOf(const Place& place, const JinjaFunctionScope* from) const;

  JinjaFunctionScope* function_;
  const JinjaScope* parent_;
  int level_;
  std::map<std::string, Place> places_;
  std::map<Place, Origin> origins_;
  std::set<std::string> stores_;
};

}  // namespace millrace
