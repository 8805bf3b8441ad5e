#include "declarative/jinja/jinja_expression_parser.h"

#include <algorithm>
#include <optional>

#include "declarative/jinja/py_error.h"

namespace millrace {
namespace {

using Kind = JinjaNode::Kind;
using Token = JinjaToken::Kind;
using NodeResult = JinjaExpressionParser::NodeResult;

JinjaNodePtr Make(Kind kind, int line) { return std::make_unique<JinjaNode>(kind, line); }

template <typename... Children>
JinjaNodePtr Make(Kind kind, int line, Children... children) {
  JinjaNodePtr node = Make(kind, line);
  (node->children.push_back(std::move(children)), ...);
  return node;
}

JinjaNodePtr MakeConst(PyValue value, int line) {
  JinjaNodePtr node = Make(Kind::kConst, line);
  node->value = std::move(value);
  return node;
}

std::optional<PyBinaryOperator> BinaryOf(const JinjaToken& token) {
  if (token.kind != Token::kOperator) return std::nullopt;
  if (token.text == "+") return PyBinaryOperator::kAdd;
  if (token.text == "-") return PyBinaryOperator::kSub;
  if (token.text == "*") return PyBinaryOperator::kMul;
  if (token.text == "/") return PyBinaryOperator::kDiv;
  if (token.text == "//") return PyBinaryOperator::kFloorDiv;
  if (token.text == "%") return PyBinaryOperator::kMod;
  if (token.text == "**") return PyBinaryOperator::kPow;
  return std::nullopt;
}

std::optional<JinjaCompareOperator> CompareOf(const JinjaToken& token) {
  using Op = JinjaCompareOperator;
  if (token.kind != Token::kOperator) return std::nullopt;
  if (token.text == "==") return Op::kEq;
  if (token.text == "!=") return Op::kNe;
  if (token.text == "<") return Op::kLt;
  if (token.text == "<=") return Op::kLe;
  if (token.text == ">") return Op::kGt;
  if (token.text == ">=") return Op::kGe;
  return std::nullopt;
}

/// A chain of operands with operators of one rank between them, grouped from the left.
template <typename Operand, typename Matches>
NodeResult LeftChain(JinjaTokenStream& tokens, Operand operand, Matches matches) {
  const int line = tokens.line();
  MR_ASSIGN_OR_RETURN(JinjaNodePtr left, operand());
  for (size_t count = 0;; ++count) {
    MR_RETURN_IF_ERROR(tokens.CheckDepth(count));
    const std::optional<PyBinaryOperator> op = BinaryOf(tokens.current());
    if (!op || !matches(*op)) return left;
    tokens.Take();
    MR_ASSIGN_OR_RETURN(JinjaNodePtr right, operand());
    left = Make(Kind::kBinary, line, std::move(left), std::move(right));
    left->binary = *op;
  }
}

/// Whether it may be assigned to; marks its names.
bool MarkTarget(JinjaNode& node) {
  if (node.kind == Kind::kMember) return true;
  node.is_target = true;
  if (node.kind == Kind::kName) return true;
  return node.kind == Kind::kTuple &&
         std::all_of(node.children.begin(), node.children.end(),
                     [](const JinjaNodePtr& item) { return MarkTarget(*item); });
}

}  // namespace

NodeResult JinjaExpressionParser::Expression(bool condition) {
  const JinjaTokenStream::Level level(tokens_);
  MR_RETURN_IF_ERROR(tokens_.CheckDepth());
  if (!condition) return Or();
  const int line = tokens_.line();
  MR_ASSIGN_OR_RETURN(JinjaNodePtr then, Or());
  for (size_t count = 0; tokens_.TakeName("if"); ++count) {
    MR_RETURN_IF_ERROR(tokens_.CheckDepth(count));
    MR_ASSIGN_OR_RETURN(JinjaNodePtr test, Or());
    JinjaNodePtr other;
    if (tokens_.TakeName("else")) {
      MR_ASSIGN_OR_RETURN(other, Expression());
    }
    then = Make(Kind::kCondition, line, std::move(test), std::move(then), std::move(other));
  }
  return then;
}

NodeResult JinjaExpressionParser::Or() {
  const int line = tokens_.line();
  MR_ASSIGN_OR_RETURN(JinjaNodePtr left, And());
  for (size_t count = 0; tokens_.TakeName("or"); ++count) {
    MR_RETURN_IF_ERROR(tokens_.CheckDepth(count));
    MR_ASSIGN_OR_RETURN(JinjaNodePtr right, And());
    left = Make(Kind::kOr, line, std::move(left), std::move(right));
  }
  return left;
}

NodeResult JinjaExpressionParser::And() {
  const int line = tokens_.line();
  MR_ASSIGN_OR_RETURN(JinjaNodePtr left, Not());
  for (size_t count = 0; tokens_.TakeName("and"); ++count) {
    MR_RETURN_IF_ERROR(tokens_.CheckDepth(count));
    MR_ASSIGN_OR_RETURN(JinjaNodePtr right, Not());
    left = Make(Kind::kAnd, line, std::move(left), std::move(right));
  }
  return left;
}

NodeResult JinjaExpressionParser::Not() {
  const int line = tokens_.line();
  if (!tokens_.TakeName("not")) return Compare();
  const JinjaTokenStream::Level level(tokens_);
  MR_RETURN_IF_ERROR(tokens_.CheckDepth());
  MR_ASSIGN_OR_RETURN(JinjaNodePtr operand, Not());
  return Make(Kind::kNot, line, std::move(operand));
}

NodeResult JinjaExpressionParser::Compare() {
  const int line = tokens_.line();
  MR_ASSIGN_OR_RETURN(JinjaNodePtr first, Sum());
  JinjaNodePtr node;
  while (true) {
    JinjaCompareOperator op{};
    if (const std::optional<JinjaCompareOperator> sign = CompareOf(tokens_.current())) {
      op = *sign;
    } else if (tokens_.current().IsName("in")) {
      op = JinjaCompareOperator::kIn;
    } else if (tokens_.current().IsName("not") && tokens_.next().IsName("in")) {
      op = JinjaCompareOperator::kNotIn;
      tokens_.Take();
    } else {
      return node ? std::move(node) : std::move(first);
    }
    tokens_.Take();
    if (!node) node = Make(Kind::kCompare, line, std::move(first));
    MR_ASSIGN_OR_RETURN(JinjaNodePtr operand, Sum());
    node->comparisons.push_back(op);
    node->children.push_back(std::move(operand));
  }
}

NodeResult JinjaExpressionParser::Sum() {
  return LeftChain(
      tokens_, [this] { return Concat(); },
      [](PyBinaryOperator op) {
        return op == PyBinaryOperator::kAdd || op == PyBinaryOperator::kSub;
      });
}

NodeResult JinjaExpressionParser::Concat() {
  const int line = tokens_.line();
  MR_ASSIGN_OR_RETURN(JinjaNodePtr first, Product());
  if (!tokens_.current().IsOperator("~")) return first;
  JinjaNodePtr node = Make(Kind::kConcat, line, std::move(first));
  while (tokens_.TakeOperator("~")) {
    MR_ASSIGN_OR_RETURN(JinjaNodePtr piece, Product());
    node->children.push_back(std::move(piece));
  }
  return node;
}

NodeResult JinjaExpressionParser::Product() {
  return LeftChain(
      tokens_, [this] { return Power(); },
      [](PyBinaryOperator op) {
        return op != PyBinaryOperator::kAdd && op != PyBinaryOperator::kSub &&
               op != PyBinaryOperator::kPow;
      });
}

/// Jinja groups powers from the left, unlike Python; the text that it compiles to is grouped.
NodeResult JinjaExpressionParser::Power() {
  return LeftChain(
      tokens_, [this] { return Unary(); },
      [](PyBinaryOperator op) { return op == PyBinaryOperator::kPow; });
}

NodeResult JinjaExpressionParser::Unary(bool filters) {
  const JinjaTokenStream::Level level(tokens_);
  MR_RETURN_IF_ERROR(tokens_.CheckDepth());
  const int line = tokens_.line();
  JinjaNodePtr node;
  const bool minus = tokens_.TakeOperator("-");
  if (minus || tokens_.TakeOperator("+")) {
    MR_ASSIGN_OR_RETURN(JinjaNodePtr operand, Unary(false));
    node = Make(minus ? Kind::kNegative : Kind::kPositive, line, std::move(operand));
  } else {
    MR_ASSIGN_OR_RETURN(node, Primary());
  }
  MR_ASSIGN_OR_RETURN(node, Postfix(std::move(node)));
  return filters ? FiltersAndTests(std::move(node)) : NodeResult(std::move(node));
}

NodeResult JinjaExpressionParser::Primary(bool members) {
  const JinjaToken& token = tokens_.current();
  const int line = token.line;
  switch (token.kind) {
    case Token::kName: {
      const std::string& name = tokens_.Take().text;
      if (name == "true" || name == "True") return MakeConst(PyValue(true), line);
      if (name == "false" || name == "False") return MakeConst(PyValue(false), line);
      if (name == "none" || name == "None") return MakeConst(PyValue(), line);
      const bool member = members && tokens_.TakeOperator(".");
      JinjaNodePtr node = Make(member ? Kind::kMember : Kind::kName, line);
      node->name = name;
      if (member) {
        if (!tokens_.Is(Token::kName)) return tokens_.Unexpected("name");
        node->value = PyValue(tokens_.Take().text);
      }
      return node;
    }
    case Token::kString: {
      std::string text;
      while (tokens_.Is(Token::kString)) text += tokens_.Take().text;
      return MakeConst(PyValue(std::move(text)), line);
    }
    case Token::kInteger:
    case Token::kFloat:
      return MakeConst(tokens_.Take().value, line);
    default:
      if (token.IsOperator("(")) return Parenthesized();
      if (token.IsOperator("[")) return List();
      if (token.IsOperator("{")) return Dict();
      return tokens_.Unexpected("an expression");
  }
}

NodeResult JinjaExpressionParser::Parenthesized() {
  tokens_.Take();
  MR_ASSIGN_OR_RETURN(JinjaNodePtr node, TupleOf(/*parenthesized=*/true, /*condition=*/true, {},
                                                 /*simple=*/false, /*members=*/false));
  MR_RETURN_IF_ERROR(tokens_.ExpectOperator(")"));
  return node;
}

NodeResult JinjaExpressionParser::List() {
  JinjaNodePtr node = Make(Kind::kList, tokens_.line());
  tokens_.Take();
  while (!tokens_.current().IsOperator("]")) {
    if (!node->children.empty()) MR_RETURN_IF_ERROR(tokens_.ExpectOperator(","));
    if (tokens_.current().IsOperator("]")) break;
    MR_ASSIGN_OR_RETURN(JinjaNodePtr item, Expression());
    node->children.push_back(std::move(item));
  }
  MR_RETURN_IF_ERROR(tokens_.ExpectOperator("]"));
  return node;
}

NodeResult JinjaExpressionParser::Dict() {
  JinjaNodePtr node = Make(Kind::kDict, tokens_.line());
  tokens_.Take();
  while (!tokens_.current().IsOperator("}")) {
    if (!node->children.empty()) MR_RETURN_IF_ERROR(tokens_.ExpectOperator(","));
    if (tokens_.current().IsOperator("}")) break;
    MR_ASSIGN_OR_RETURN(JinjaNodePtr key, Expression());
    MR_RETURN_IF_ERROR(tokens_.ExpectOperator(":"));
    MR_ASSIGN_OR_RETURN(JinjaNodePtr value, Expression());
    node->children.push_back(std::move(key));
    node->children.push_back(std::move(value));
  }
  MR_RETURN_IF_ERROR(tokens_.ExpectOperator("}"));
  return node;
}

bool JinjaExpressionParser::AtTupleEnd(std::string_view end) const {
  const JinjaToken& token = tokens_.current();
  return token.kind == Token::kVariableEnd || token.kind == Token::kBlockEnd ||
         token.IsOperator(")") || (!end.empty() && token.IsName(end));
}

NodeResult JinjaExpressionParser::TupleOf(bool parenthesized, bool condition, std::string_view end,
                                          bool simple, bool members) {
  const JinjaTokenStream::Level level(tokens_);
  MR_RETURN_IF_ERROR(tokens_.CheckDepth());
  JinjaNodePtr node = Make(Kind::kTuple, tokens_.line());
  bool comma = false;
  while (true) {
    if (!node->children.empty()) MR_RETURN_IF_ERROR(tokens_.ExpectOperator(","));
    if (AtTupleEnd(end)) break;
    MR_ASSIGN_OR_RETURN(JinjaNodePtr item, simple ? Primary(members) : Expression(condition));
    node->children.push_back(std::move(item));
    if (!tokens_.current().IsOperator(",")) break;
    comma = true;
  }
  if (comma) return node;
  if (!node->children.empty()) return std::move(node->children[0]);
  if (!parenthesized) return tokens_.Unexpected("an expression");
  return node;
}

NodeResult JinjaExpressionParser::Tuple(bool condition, std::string_view end) {
  return TupleOf(/*parenthesized=*/false, condition, end, /*simple=*/false, /*members=*/false);
}

NodeResult JinjaExpressionParser::Target(std::string_view end, bool members) {
  MR_ASSIGN_OR_RETURN(JinjaNodePtr node, TupleOf(/*parenthesized=*/false, /*condition=*/true, end,
                                                 /*simple=*/true, members));
  if (!MarkTarget(*node)) return tokens_.Error("can't assign to that");
  return node;
}

NodeResult JinjaExpressionParser::TargetName() {
  if (!tokens_.Is(Token::kName)) return tokens_.Unexpected("name");
  JinjaNodePtr node = Make(Kind::kName, tokens_.line());
  node->name = tokens_.Take().text;
  node->is_target = true;
  static constexpr std::string_view kConstants[] = {"true", "false", "none",
                                                    "True", "False", "None"};
  if (std::find(std::begin(kConstants), std::end(kConstants), node->name) != std::end(kConstants)) {
    return tokens_.Error("can't assign to that");
  }
  return node;
}

}  // namespace millrace
