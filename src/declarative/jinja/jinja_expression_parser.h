#pragma once

#include <string_view>
#include <vector>

#include "declarative/jinja/jinja_node.h"
#include "declarative/jinja/jinja_token_stream.h"

namespace millrace {

/// Reads the expressions of a template; the statements' parser drives it over the tokens they
/// share.
class JinjaExpressionParser {
 public:
  using NodeResult = Result<JinjaNodePtr>;

  explicit JinjaExpressionParser(JinjaTokenStream& tokens) : tokens_(tokens) {}

  /// One expression; `condition`: with inline if.
  NodeResult Expression(bool condition = true);
  /// One expression, or several with commas between them: a tuple. It ends at a tag's end, a
  /// closing parenthesis or the name `end`.
  NodeResult Tuple(bool condition = true, std::string_view end = {});
  /// What is assigned to: a name, a tuple of them or (`members`) a namespace's member.
  NodeResult Target(std::string_view end = {}, bool members = false);
  /// A single name to be assigned to.
  NodeResult TargetName();
  /// The filters that follow `node` (null: a filter block's text). `named`: the first one's name
  /// comes without a bar before it.
  NodeResult Filters(JinjaNodePtr node, bool named = false);

 private:
  NodeResult Or();
  NodeResult And();
  NodeResult Not();
  NodeResult Compare();
  NodeResult Sum();
  NodeResult Concat();
  NodeResult Product();
  NodeResult Power();
  NodeResult Unary(bool filters = true);
  NodeResult Primary(bool members = false);
  NodeResult Parenthesized();
  NodeResult List();
  NodeResult Dict();
  NodeResult Postfix(JinjaNodePtr node);
  NodeResult FiltersAndTests(JinjaNodePtr node);
  NodeResult Subscript(JinjaNodePtr node);
  /// What stands in brackets: an expression, or a slice whose parts are put into `slice`.
  NodeResult Subscribed(JinjaNodePtr* slice);
  NodeResult Call(JinjaNodePtr node);
  NodeResult Test(JinjaNodePtr node);
  Status Arguments(JinjaArguments* arguments);
  Status Argument(JinjaArguments* arguments);
  Result<std::string> DottedName();
  bool AtTupleEnd(std::string_view end) const;
  NodeResult TupleOf(bool parenthesized, bool condition, std::string_view end, bool simple,
                     bool members);

  JinjaTokenStream& tokens_;
};

}  // namespace millrace
