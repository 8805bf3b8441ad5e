// What may follow an operand: members, calls, filters and tests.
#include "declarative/jinja/jinja_expression_parser.h"
#include "declarative/jinja/py_error.h"

namespace millrace {
namespace {

using Kind = JinjaNode::Kind;
using Token = JinjaToken::Kind;
using NodeResult = JinjaExpressionParser::NodeResult;

JinjaNodePtr Over(Kind kind, int line, JinjaNodePtr operand) {
  auto node = std::make_unique<JinjaNode>(kind, line);
  node->children.push_back(std::move(operand));
  return node;
}

}  // namespace

Status JinjaTokenStream::Unexpected(std::string_view expected) const {
  const JinjaToken& token = current();
  if (token.kind == Token::kEnd) {
    return Error(fmt::format("unexpected end of template, expected '{}'", expected));
  }
  const std::string_view got = token.kind == Token::kVariableEnd || token.kind == Token::kBlockEnd
                                   ? "the end of the tag"
                                   : std::string_view(token.text);
  return Error(fmt::format("expected '{}', got '{}'", expected, got));
}

Status JinjaTokenStream::CheckDepth(size_t operands) const {
  if (depth_ + operands <= kJinjaDepthMax) return Status::Ok();
  return PyError("RecursionError", "the template is nested too deep");
}

NodeResult JinjaExpressionParser::Postfix(JinjaNodePtr node) {
  for (size_t count = 0;; ++count) {
    MR_RETURN_IF_ERROR(tokens_.CheckDepth(count));
    if (tokens_.current().IsOperator(".") || tokens_.current().IsOperator("[")) {
      MR_ASSIGN_OR_RETURN(node, Subscript(std::move(node)));
    } else if (tokens_.current().IsOperator("(")) {
      MR_ASSIGN_OR_RETURN(node, Call(std::move(node)));
    } else {
      return node;
    }
  }
}

NodeResult JinjaExpressionParser::FiltersAndTests(JinjaNodePtr node) {
  for (size_t count = 0;; ++count) {
    MR_RETURN_IF_ERROR(tokens_.CheckDepth(count));
    if (tokens_.current().IsOperator("|")) {
      MR_ASSIGN_OR_RETURN(node, Filters(std::move(node)));
    } else if (tokens_.current().IsName("is")) {
      MR_ASSIGN_OR_RETURN(node, Test(std::move(node)));
    } else if (tokens_.current().IsOperator("(")) {
      MR_ASSIGN_OR_RETURN(node, Call(std::move(node)));
    } else {
      return node;
    }
  }
}

NodeResult JinjaExpressionParser::Subscript(JinjaNodePtr node) {
  const int line = tokens_.line();
  if (tokens_.TakeOperator(".")) {
    const JinjaToken& token = tokens_.Take();
    if (token.kind == Token::kName) {
      node = Over(Kind::kAttribute, line, std::move(node));
      node->name = token.text;
      node->value = PyValue(token.text);
      return node;
    }
    if (token.kind != Token::kInteger) return tokens_.Error("expected name or number");
    auto key = std::make_unique<JinjaNode>(Kind::kConst, line);
    key->value = token.value;
    node = Over(Kind::kItem, line, std::move(node));
    node->children.push_back(std::move(key));
    return node;
  }
  tokens_.Take();
  JinjaNodes keys;
  JinjaNodePtr slice;
  while (!tokens_.current().IsOperator("]")) {
    if (!keys.empty()) MR_RETURN_IF_ERROR(tokens_.ExpectOperator(","));
    MR_ASSIGN_OR_RETURN(JinjaNodePtr key, Subscribed(&slice));
    keys.push_back(std::move(key));
  }
  MR_RETURN_IF_ERROR(tokens_.ExpectOperator("]"));
  if (slice) {
    if (keys.size() > 1) return PyError("SyntaxError", "a slice among several keys");
    slice->children.insert(slice->children.begin(), std::move(node));
    return slice;
  }
  node = Over(Kind::kItem, line, std::move(node));
  if (keys.size() == 1) {
    node->children.push_back(std::move(keys[0]));
  } else {
    auto tuple = std::make_unique<JinjaNode>(Kind::kTuple, line);
    tuple->children = std::move(keys);
    node->children.push_back(std::move(tuple));
  }
  return node;
}

NodeResult JinjaExpressionParser::Subscribed(JinjaNodePtr* slice) {
  const int line = tokens_.line();
  JinjaNodePtr first;
  if (!tokens_.current().IsOperator(":")) {
    MR_ASSIGN_OR_RETURN(first, Expression());
    if (!tokens_.current().IsOperator(":")) return first;
  }
  auto node = std::make_unique<JinjaNode>(Kind::kSlice, line);
  node->children.push_back(std::move(first));
  for (int part = 0; part < 2; ++part) {
    JinjaNodePtr bound;
    if (tokens_.TakeOperator(":")) {
      const JinjaToken& token = tokens_.current();
      if (!token.IsOperator(":") && !token.IsOperator("]") && !token.IsOperator(",")) {
        MR_ASSIGN_OR_RETURN(bound, Expression());
      }
    }
    node->children.push_back(std::move(bound));
  }
  *slice = std::move(node);
  return JinjaNodePtr();
}

NodeResult JinjaExpressionParser::Call(JinjaNodePtr node) {
  node = Over(Kind::kCall, tokens_.line(), std::move(node));
  MR_RETURN_IF_ERROR(Arguments(&node->arguments));
  return node;
}

Status JinjaExpressionParser::Arguments(JinjaArguments* arguments) {
  MR_RETURN_IF_ERROR(tokens_.ExpectOperator("("));
  bool more = false;
  while (!tokens_.current().IsOperator(")")) {
    if (more) {
      MR_RETURN_IF_ERROR(tokens_.ExpectOperator(","));
      if (tokens_.current().IsOperator(")")) break;
    }
    MR_RETURN_IF_ERROR(Argument(arguments));
    more = true;
  }
  return tokens_.ExpectOperator(")");
}

Status JinjaExpressionParser::Argument(JinjaArguments* arguments) {
  const auto misplaced = [&] {
    return tokens_.Error("invalid syntax for function call expression");
  };
  if (tokens_.TakeOperator("*")) {
    if (arguments->star || arguments->star_star) return misplaced();
    MR_ASSIGN_OR_RETURN(arguments->star, Expression());
  } else if (tokens_.TakeOperator("**")) {
    if (arguments->star_star) return misplaced();
    MR_ASSIGN_OR_RETURN(arguments->star_star, Expression());
  } else if (tokens_.Is(Token::kName) && tokens_.next().IsOperator("=")) {
    if (arguments->star_star) return misplaced();
    const std::string& name = tokens_.Take().text;
    tokens_.Take();
    MR_ASSIGN_OR_RETURN(JinjaNodePtr value, Expression());
    for (const auto& [known, unused] : arguments->named) {
      if (known == name) return PyError("SyntaxError", "keyword argument repeated");
    }
    arguments->named.emplace_back(name, std::move(value));
  } else {
    if (arguments->star || arguments->star_star || !arguments->named.empty()) return misplaced();
    MR_ASSIGN_OR_RETURN(JinjaNodePtr value, Expression());
    arguments->positional.push_back(std::move(value));
  }
  return Status::Ok();
}

Result<std::string> JinjaExpressionParser::DottedName() {
  std::string name;
  do {
    if (!tokens_.Is(Token::kName)) return tokens_.Unexpected("name");
    if (!name.empty()) name += '.';
    name += tokens_.Take().text;
  } while (tokens_.TakeOperator("."));
  return name;
}

NodeResult JinjaExpressionParser::Filters(JinjaNodePtr node, bool named) {
  for (size_t count = 0; named || tokens_.TakeOperator("|"); named = false, ++count) {
    MR_RETURN_IF_ERROR(tokens_.CheckDepth(count));
    node = Over(Kind::kFilter, tokens_.line(), std::move(node));
    MR_ASSIGN_OR_RETURN(node->name, DottedName());
    if (tokens_.current().IsOperator("(")) MR_RETURN_IF_ERROR(Arguments(&node->arguments));
  }
  return node;
}

NodeResult JinjaExpressionParser::Test(JinjaNodePtr node) {
  const int line = tokens_.line();
  tokens_.Take();
  const bool negated = tokens_.TakeName("not");
  node = Over(Kind::kTest, line, std::move(node));
  MR_ASSIGN_OR_RETURN(node->name, DottedName());
  const JinjaToken& token = tokens_.current();
  const bool operand = token.kind == Token::kName || token.kind == Token::kString ||
                       token.kind == Token::kInteger || token.kind == Token::kFloat ||
                       token.IsOperator("[") || token.IsOperator("{");
  if (token.IsOperator("(")) {
    MR_RETURN_IF_ERROR(Arguments(&node->arguments));
  } else if (operand && !token.IsName("else") && !token.IsName("or") && !token.IsName("and")) {
    if (token.IsName("is")) return tokens_.Error("You cannot chain multiple tests with is");
    MR_ASSIGN_OR_RETURN(JinjaNodePtr argument, Primary());
    MR_ASSIGN_OR_RETURN(argument, Postfix(std::move(argument)));
    node->arguments.positional.push_back(std::move(argument));
  }
  return negated ? Over(Kind::kNot, line, std::move(node)) : std::move(node);
}

}  // namespace millrace
