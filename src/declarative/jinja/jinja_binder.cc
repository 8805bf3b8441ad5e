#include "declarative/jinja/jinja_binder.h"

#include <algorithm>
#include <functional>

#include "declarative/jinja/jinja_lookup.h"
#include "declarative/jinja/jinja_scope.h"
#include "declarative/jinja/py_error.h"

namespace millrace {
namespace {

using Kind = JinjaNode::Kind;

/// Calls `visit` with the parts of a node that are expressions: its children and its arguments.
template <typename Visit>
void ForExpressions(JinjaNode& node, const Visit& visit) {
  const auto one = [&](JinjaNodePtr& part) {
    if (part) visit(*part);
  };
  std::for_each(node.children.begin(), node.children.end(), one);
  std::for_each(node.arguments.positional.begin(), node.arguments.positional.end(), one);
  for (auto& [name, value] : node.arguments.named) one(value);
  one(node.arguments.star);
  one(node.arguments.star_star);
}

template <typename Visit>
void ForStatements(JinjaNode& node, const Visit& visit) {
  for (JinjaNodes* list :
       {&node.parameters, &node.defaults, &node.body, &node.branches, &node.alternative}) {
    for (JinjaNodePtr& statement : *list) visit(*statement);
  }
}

bool Mentions(JinjaNodes& nodes, std::string_view name, bool as_target);

/// Whether the name is read (or, `as_target`, assigned to) anywhere in it.
bool Mentions(JinjaNode& node, std::string_view name, bool as_target) {
  if (node.kind == Kind::kName && node.name == name && !node.is_parameter) {
    return node.is_target == as_target;
  }
  bool found = false;
  const auto look = [&](JinjaNode& part) { found = found || Mentions(part, name, as_target); };
  ForExpressions(node, look);
  ForStatements(node, look);
  return found;
}

bool Mentions(JinjaNodes& nodes, std::string_view name, bool as_target) {
  return std::any_of(nodes.begin(), nodes.end(),
                     [&](const JinjaNodePtr& node) { return Mentions(*node, name, as_target); });
}

/// Whether a call of this may change a list or a dict.
bool MayChange(const JinjaNode& callee) {
  static constexpr std::string_view kMethods[] = {
      "add", "append",  "clear",  "difference_update", "discard",    "extend", "insert",
      "pop", "popitem", "remove", "reverse",           "setdefault", "sort",   "update"};
  static constexpr std::string_view kHarmless[] = {"namespace", "loop", "caller"};
  const auto is_one = [&](auto begin, auto end) {
    return std::find(begin, end, callee.name) != end;
  };
  if (callee.kind == Kind::kAttribute) return is_one(std::begin(kMethods), std::end(kMethods));
  return callee.kind != Kind::kName || (FindJinjaGlobal(callee.name) == nullptr &&
                                        !is_one(std::begin(kHarmless), std::end(kHarmless)));
}

/// Notes what a node does with the names of the scope that it stands in. What has a scope of its
/// own isn't entered.
class ScopeVisitor {
 public:
  explicit ScopeVisitor(JinjaScope* scope) : scope_(scope) {}

  void VisitAll(JinjaNodes& nodes) {
    for (JinjaNodePtr& node : nodes) Visit(*node);
  }

  void VisitTarget(JinjaNode& node) {  // of a loop: given, not stored
    if (node.kind == Kind::kName) scope_->StoreParameter(node.name);
    for (JinjaNodePtr& item : node.children) VisitTarget(*item);
  }

  void Visit(JinjaNode& node) {
    switch (node.kind) {
      case Kind::kName:
        VisitName(node);
        break;
      case Kind::kMember:
        scope_->Load(node.name);
        break;
      case Kind::kIf:
        VisitIf(node);
        break;
      case Kind::kMacro:
        scope_->Store(node.name);
        break;
      case Kind::kAssign:
        Visit(*node.children[1]);
        Visit(*node.children[0]);
        break;
      case Kind::kFor:
        Visit(*node.children[1]);
        break;
      case Kind::kAssignBlock:
      case Kind::kCallBlock:
      case Kind::kFilterBlock:
        Visit(*node.children[0]);
        break;
      case Kind::kWith:
        for (size_t i = 1; i < node.children.size(); i += 2) Visit(*node.children[i]);
        break;
      case Kind::kScope:
        break;
      default:
        ForExpressions(node, [this](JinjaNode& part) { Visit(part); });
    }
  }

 private:
  void VisitName(JinjaNode& node) {
    if (node.is_parameter) {
      scope_->StoreParameter(node.name);
    } else if (node.is_target) {
      scope_->Store(node.name);
    } else {
      scope_->Load(node.name);
    }
  }

  void VisitIf(JinjaNode& node) {
    Visit(*node.children[0]);
    std::vector<JinjaScope> branches;
    for (JinjaNodes* nodes : {&node.body, &node.branches, &node.alternative}) {
      JinjaScope branch = *scope_;
      ScopeVisitor(&branch).VisitAll(*nodes);
      branches.push_back(std::move(branch));
    }
    scope_->TakeBranches(branches);
  }

  JinjaScope* scope_;
};

/// Walks over the statements with their scopes.
class JinjaBinder {
 public:
  Result<JinjaBinding> Run(JinjaNodes& statements) {
    JinjaFunctionScope function(nullptr);
    JinjaScope scope(&function, nullptr, 0);
    ScopeVisitor(&scope).VisitAll(statements);
    binding_.loads = scope.Loads(&binding_.names);
    MR_RETURN_IF_ERROR(BindAll(statements, scope, false));
    binding_.slots = static_cast<uint16_t>(function.slots.size());
    return std::move(binding_);
  }

 private:
  static JinjaScope Inner(const JinjaScope& scope, JinjaFunctionScope* function = nullptr) {
    return {function == nullptr ? scope.function() : function, &scope, scope.level() + 1};
  }

  Status BindAll(JinjaNodes& nodes, const JinjaScope& scope, bool soft) {
    for (JinjaNodePtr& node : nodes) {
      if (node) MR_RETURN_IF_ERROR(Bind(*node, scope, soft));
    }
    return Status::Ok();
  }

  Status BindExpressions(JinjaNode& node, const JinjaScope& scope, bool soft) {
    Status status;
    ForExpressions(node, [&](JinjaNode& part) {
      if (status.ok()) status = Bind(part, scope, soft);
    });
    return status;
  }

  /// `soft`: within an if, where unknown filters matter only when they are reached.
  Status Bind(JinjaNode& node, const JinjaScope& scope, bool soft) {
    switch (node.kind) {
      case Kind::kName:
      case Kind::kMember:
        return BindName(node, scope);
      case Kind::kAttribute:
        node.plain_member = !IsAttributeOfDicts(node.name);
        return BindExpressions(node, scope, soft);
      case Kind::kCall:
        binding_.has_effects = true;
        binding_.may_change = binding_.may_change || MayChange(*node.children[0]);
        return BindExpressions(node, scope, soft);
      case Kind::kFilter:
      case Kind::kTest:
        return BindFilter(node, scope, soft);
      case Kind::kCondition:
        return BindExpressions(node, scope, true);
      case Kind::kIf:
        MR_RETURN_IF_ERROR(BindExpressions(node, scope, true));
        MR_RETURN_IF_ERROR(BindAll(node.body, scope, true));
        MR_RETURN_IF_ERROR(BindAll(node.branches, scope, true));
        return BindAll(node.alternative, scope, true);
      case Kind::kFor:
        return BindFor(node, scope, soft);
      case Kind::kWith:
        return BindWith(node, scope, soft);
      case Kind::kMacro:
        MR_RETURN_IF_ERROR(BindName(node, scope));
        return BindMacro(node, scope);
      case Kind::kCallBlock:
        MR_RETURN_IF_ERROR(BindMacro(node, scope));
        return BindExpressions(node, scope, soft);
      case Kind::kFilterBlock:
      case Kind::kScope:
        return BindScope(node, scope);
      case Kind::kAssignBlock:
        return BindAssignBlock(node, scope, soft);
      default:
        return BindExpressions(node, scope, soft);
    }
  }

  Status BindName(JinjaNode& node, const JinjaScope& scope) {
    const std::optional<JinjaRef> ref = scope.Find(node.name, scope.function());
    if (!ref) return PyError("AssertionError", "a name that its scope doesn't know");
    node.ref = *ref;
    return Status::Ok();
  }

  Status BindFilter(JinjaNode& node, const JinjaScope& scope, bool soft) {
    const bool filter = node.kind == Kind::kFilter;
    node.function = filter ? FindJinjaFilter(node.name) : FindJinjaTest(node.name);
    if (node.function == nullptr && !soft) {
      return PyError("TemplateAssertionError",
                     fmt::format("No {} named '{}'.", filter ? "filter" : "test", node.name));
    }
    return BindExpressions(node, scope, soft);
  }

  Status BindFor(JinjaNode& node, const JinjaScope& scope, bool soft) {
    MR_RETURN_IF_ERROR(Bind(*node.children[1], scope, soft));
    if (Mentions(node, "loop", /*as_target=*/true)) {
      return PyError("TemplateAssertionError", "Can't assign to special loop variable");
    }
    JinjaFunctionScope function(scope.function());
    JinjaFunctionScope* own = node.recursive ? &function : nullptr;
    JinjaScope loop = Inner(scope, own);
    node.uses_loop = node.recursive || Mentions(node.body, "loop", /*as_target=*/false);
    if (node.uses_loop) {
      loop.StoreParameter("loop");
      node.loop_ref = *loop.Find("loop", loop.function());
    }
    ScopeVisitor body(&loop);
    body.VisitTarget(*node.children[0]);
    body.VisitAll(node.body);
    JinjaScope otherwise = Inner(scope, own);
    ScopeVisitor(&otherwise).VisitAll(node.alternative);
    if (node.children[2]) {
      JinjaScope test = Inner(scope, own);
      ScopeVisitor visitor(&test);
      visitor.VisitTarget(*node.children[0]);
      visitor.Visit(*node.children[2]);
      node.test_loads = test.Loads(&binding_.names);
      MR_RETURN_IF_ERROR(Bind(*node.children[2], test, false));
    }
    node.loads = loop.Loads(&binding_.names);
    node.else_loads = otherwise.Loads(&binding_.names);
    MR_RETURN_IF_ERROR(Bind(*node.children[0], loop, false));
    MR_RETURN_IF_ERROR(BindAll(node.body, loop, false));
    MR_RETURN_IF_ERROR(BindAll(node.alternative, otherwise, false));
    if (node.recursive) {
      node.info = std::make_unique<JinjaFunctionInfo>();
      node.info->slots = static_cast<uint16_t>(function.slots.size());
    }
    return Status::Ok();
  }

  Status BindWith(JinjaNode& node, const JinjaScope& scope, bool soft) {
    JinjaScope inner = Inner(scope);
    ScopeVisitor visitor(&inner);
    for (size_t i = 0; i < node.children.size(); i += 2) visitor.VisitTarget(*node.children[i]);
    visitor.VisitAll(node.body);
    node.loads = inner.Loads(&binding_.names);
    for (size_t i = 0; i < node.children.size(); i += 2) {
      MR_RETURN_IF_ERROR(Bind(*node.children[i], inner, false));
      MR_RETURN_IF_ERROR(Bind(*node.children[i + 1], scope, soft));
    }
    return BindAll(node.body, inner, false);
  }

  /// Also of a call block, which is a macro without a name.
  Status BindMacro(JinjaNode& node, const JinjaScope& scope) {
    JinjaFunctionScope function(scope.function());
    JinjaScope inner = Inner(scope, &function);
    node.info = std::make_unique<JinjaFunctionInfo>();
    JinjaFunctionInfo& info = *node.info;
    const auto visit = [&] {
      ScopeVisitor visitor(&inner);
      visitor.VisitAll(node.parameters);
      visitor.VisitAll(node.defaults);
      visitor.VisitAll(node.body);
    };
    visit();
    const auto is_parameter = [&](std::string_view name) {
      return std::any_of(node.parameters.begin(), node.parameters.end(),
                         [&](const JinjaNodePtr& parameter) { return parameter->name == name; });
    };
    const auto special = [&](const std::string& name, bool* uses, JinjaRef* ref) {
      *uses = Mentions(node.body, name, /*as_target=*/false);
      if (!*uses || is_parameter(name)) return;
      inner.StoreParameter(name);
      *ref = *inner.Find(name, &function);
    };
    special("caller", &info.uses_caller, &info.caller);
    special("kwargs", &info.uses_kwargs, &info.kwargs);
    special("varargs", &info.uses_varargs, &info.varargs);
    info.explicit_caller = is_parameter("caller");
    info.uses_kwargs = info.uses_kwargs && !is_parameter("kwargs");
    info.uses_varargs = info.uses_varargs && !is_parameter("varargs");
    visit();
    node.loads = inner.Loads(&binding_.names);
    MR_RETURN_IF_ERROR(BindAll(node.parameters, inner, false));
    MR_RETURN_IF_ERROR(BindAll(node.defaults, inner, false));
    MR_RETURN_IF_ERROR(BindAll(node.body, inner, false));
    info.slots = static_cast<uint16_t>(function.slots.size());
    return CheckCaller(node, info);
  }

  /// A parameter named "caller" that the body uses needs a default.
  static Status CheckCaller(const JinjaNode& node, const JinjaFunctionInfo& info) {
    if (!info.uses_caller || !info.explicit_caller) return Status::Ok();
    const size_t required = node.parameters.size() - node.defaults.size();
    for (size_t i = 0; i < required; ++i) {
      if (node.parameters[i]->name == "caller") {
        return PyError("TemplateAssertionError", "the parameter \"caller\" needs a default");
      }
    }
    return Status::Ok();
  }

  Status BindScope(JinjaNode& node, const JinjaScope& scope) {
    // Levels keep variables apart: nothing else in the function has a block's.
    JinjaScope inner =
        node.isolated ? JinjaScope(scope.function(), nullptr, ++blocks_ + 10'000) : Inner(scope);
    ScopeVisitor visitor(&inner);
    visitor.VisitAll(node.body);
    visitor.VisitAll(node.children);
    node.loads = inner.Loads(&binding_.names);
    MR_RETURN_IF_ERROR(BindAll(node.children, inner, false));
    return BindAll(node.body, inner, false);
  }

  Status BindAssignBlock(JinjaNode& node, const JinjaScope& scope, bool soft) {
    JinjaScope inner = Inner(scope);
    ScopeVisitor(&inner).VisitAll(node.body);
    node.loads = inner.Loads(&binding_.names);
    MR_RETURN_IF_ERROR(Bind(*node.children[0], scope, soft));
    if (node.children[1]) MR_RETURN_IF_ERROR(Bind(*node.children[1], inner, false));
    return BindAll(node.body, inner, false);
  }

  JinjaBinding binding_;
  int blocks_ = 0;
};

}  // namespace

Result<JinjaBinding> BindJinja(JinjaNodes& statements) { return JinjaBinder().Run(statements); }

}  // namespace millrace
