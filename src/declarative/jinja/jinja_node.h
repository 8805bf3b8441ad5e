#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "declarative/jinja/py_function.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_value.h"

namespace millrace {

struct JinjaNode;
using JinjaNodePtr = std::unique_ptr<JinjaNode>;
using JinjaNodes = std::vector<JinjaNodePtr>;

/// Where a variable lives: in the activation `up` functions further out, at `slot`.
struct JinjaRef {
  uint16_t up = 0, slot = 0;
};

/// What a scope does with its variables when it's entered.
struct JinjaLoad {
  enum class Action : uint8_t {
    kFromContext,  ///< `source` is an index into the template's names
    kFromOuter,    ///< `outer` holds the value
    kUndefined,
  };
  Action action = Action::kUndefined;
  JinjaRef target, outer;
  uint32_t source = 0;
};

/// What a call, filter or test is given.
struct JinjaArguments {
  JinjaNodes positional;
  std::vector<std::pair<std::string, JinjaNodePtr>> named;
  JinjaNodePtr star, star_star;  ///< *args and **kwargs; may be null
};

/// What makes a macro, a call block or a recursive loop a function of its own.
struct JinjaFunctionInfo {
  uint16_t slots = 0;
  // Of the special parameters: where they go, if the body uses them.
  bool uses_caller = false, uses_kwargs = false, uses_varargs = false;
  JinjaRef caller, kwargs, varargs;
  bool explicit_caller = false;  ///< "caller" is a parameter of its own
};

enum class JinjaCompareOperator : uint8_t { kEq, kNe, kLt, kLe, kGt, kGe, kIn, kNotIn };

/// A piece of a parsed template: an expression or a statement. Built by the parser, completed by
/// the binder, then const.
struct JinjaNode {
  enum class Kind : uint8_t {
    // Expressions, and what `children` are.
    kConst,      ///< value
    kName,       ///< name, ref
    kTuple,      ///< items
    kList,       ///< items
    kDict,       ///< key, value, key, value, …
    kAttribute,  ///< object; name, value (the name as text)
    kItem,       ///< object, key
    kSlice,      ///< object, start, stop, step (null: left out)
    kCall,       ///< what is called; arguments
    kFilter,     ///< what it's applied to (null: a filter block's text); name, arguments
    kTest,       ///< what is tested; name, arguments
    kNot,
    kNegative,
    kPositive,
    kAnd,
    kOr,
    kBinary,     ///< binary
    kConcat,     ///< pieces
    kCompare,    ///< operands; comparisons between them
    kCondition,  ///< test, then, else (null: undefined)
    kMember,     ///< an assignment's target: name, ref of a namespace; value (the member)
    // Statements.
    kText,         ///< value
    kOutput,       ///< expressions; kText among them
    kAssign,       ///< target, expression
    kAssignBlock,  ///< target, filter (may be null); body
    kIf,           ///< test; body; branches: further kIf nodes, alternative: the else
    kFor,          ///< target, iterable, test (may be null); body, alternative
    kWith,         ///< target, expression, target, expression, …; body
    kMacro,        ///< name, ref; parameters, defaults (of the last ones), body
    kCallBlock,    ///< the call; parameters, defaults, body: the caller
    kFilterBlock,  ///< the filter; body
    kScope,        ///< body; autoescape: whether, as children[0]
    kNoTemplate,   ///< include, import, extends: there are no other templates; the name, targets
  };

  explicit JinjaNode(Kind kind_, int line_) : kind(kind_), line(line_) {}

  const Kind kind;
  const int line;
  PyValue value;
  std::string name;
  JinjaNodes children;

  PyBinaryOperator binary = PyBinaryOperator::kAdd;
  std::vector<JinjaCompareOperator> comparisons;
  JinjaArguments arguments;
  JinjaNodes body, alternative, branches, parameters, defaults;
  bool recursive = false;
  bool isolated = false;      ///< kScope: a block, which sees nothing that was set around it
  bool is_parameter = false;  ///< kName: given, not stored
  bool is_target = false;     ///< kName: assigned to

  // The binder's.
  JinjaRef ref;
  PyFunction function = nullptr;  ///< kFilter, kTest: null when there is none of that name
  bool plain_member = false;      ///< kAttribute: no dict has such an attribute
  bool uses_loop = false;         ///< kFor
  JinjaRef loop_ref;              ///< kFor: the loop variable; kCallBlock: none
  std::vector<JinjaLoad> loads, else_loads, test_loads;
  std::unique_ptr<JinjaFunctionInfo> info;
};

}  // namespace millrace
