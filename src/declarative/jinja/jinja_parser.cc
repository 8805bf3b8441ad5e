#include "declarative/jinja/jinja_parser.h"

#include <algorithm>

#include "declarative/jinja/jinja_expression_parser.h"
#include "declarative/jinja/py_error.h"

namespace millrace {
namespace {

using Kind = JinjaNode::Kind;
using Token = JinjaToken::Kind;
using NodeResult = Result<JinjaNodePtr>;
using Names = std::initializer_list<std::string_view>;

/// Reads statements; what stands between and in them is the expressions' parser's.
class JinjaParser {
 public:
  explicit JinjaParser(std::vector<JinjaToken> tokens)
      : tokens_(std::move(tokens)), expressions_(tokens_) {}

  Result<JinjaNodes> Run() { return Statements({}); }

 private:
  JinjaNodePtr Make(Kind kind) { return std::make_unique<JinjaNode>(kind, tokens_.line()); }

  bool AtAny(Names ends) const {
    return std::any_of(ends.begin(), ends.end(),
                       [this](std::string_view end) { return tokens_.current().IsName(end); });
  }

  /// Statements up to a tag of one of these names (which becomes the current token) or, without
  /// names, to the end of the template.
  Result<JinjaNodes> Statements(Names ends) {
    const JinjaTokenStream::Level level(tokens_);
    MR_RETURN_IF_ERROR(tokens_.CheckDepth());
    JinjaNodes nodes;
    JinjaNodePtr output;
    const auto output_node = [&]() -> JinjaNode& {
      if (!output) output = Make(Kind::kOutput);
      return *output;
    };
    while (!tokens_.Is(Token::kEnd)) {
      if (tokens_.Is(Token::kText)) {
        JinjaNodePtr text = Make(Kind::kText);
        text->value = PyValue(tokens_.Take().text);
        output_node().children.push_back(std::move(text));
      } else if (tokens_.Is(Token::kVariableBegin)) {
        tokens_.Take();
        MR_ASSIGN_OR_RETURN(JinjaNodePtr value, expressions_.Tuple());
        output_node().children.push_back(std::move(value));
        MR_RETURN_IF_ERROR(tokens_.Expect(Token::kVariableEnd, "end of print statement"));
      } else {
        tokens_.Take();  // the beginning of a block
        if (output) nodes.push_back(std::move(output));
        if (AtAny(ends)) return nodes;
        MR_ASSIGN_OR_RETURN(JinjaNodePtr statement, Statement());
        nodes.push_back(std::move(statement));
        MR_RETURN_IF_ERROR(tokens_.Expect(Token::kBlockEnd, "end of statement block"));
      }
    }
    if (ends.size() > 0) return tokens_.Unexpected(*ends.begin());
    if (output) nodes.push_back(std::move(output));
    return nodes;
  }

  /// What stands between a tag and the one that ends it. `take`: goes behind the latter's name.
  Result<JinjaNodes> Body(Names ends, bool take = true) {
    tokens_.TakeOperator(":");
    MR_RETURN_IF_ERROR(tokens_.Expect(Token::kBlockEnd, "end of statement block"));
    MR_ASSIGN_OR_RETURN(JinjaNodes nodes, Statements(ends));
    if (take) tokens_.Take();
    return nodes;
  }

  NodeResult Statement() {
    static constexpr std::pair<std::string_view, NodeResult (JinjaParser::*)()> kStatements[] = {
        {"for", &JinjaParser::For},         {"if", &JinjaParser::If},
        {"set", &JinjaParser::Set},         {"with", &JinjaParser::With},
        {"macro", &JinjaParser::Macro},     {"call", &JinjaParser::CallBlock},
        {"filter", &JinjaParser::Filter},   {"print", &JinjaParser::Print},
        {"block", &JinjaParser::Block},     {"autoescape", &JinjaParser::Autoescape},
        {"include", &JinjaParser::Include}, {"extends", &JinjaParser::Include},
        {"import", &JinjaParser::Import},   {"from", &JinjaParser::From},
    };
    if (!tokens_.Is(Token::kName)) return tokens_.Error("tag name expected");
    for (const auto& [name, parse] : kStatements) {
      if (tokens_.current().IsName(name)) return (this->*parse)();
    }
    return tokens_.Error(fmt::format("Encountered unknown tag '{}'.", tokens_.current().text));
  }

  NodeResult For() {
    JinjaNodePtr node = Make(Kind::kFor);
    tokens_.Take();
    MR_ASSIGN_OR_RETURN(JinjaNodePtr target, expressions_.Target("in"));
    MR_RETURN_IF_ERROR(tokens_.ExpectName("in"));
    MR_ASSIGN_OR_RETURN(JinjaNodePtr iterable, expressions_.Tuple(false, "recursive"));
    JinjaNodePtr test;
    if (tokens_.TakeName("if")) {
      MR_ASSIGN_OR_RETURN(test, expressions_.Expression());
    }
    node->recursive = tokens_.TakeName("recursive");
    node->children.push_back(std::move(target));
    node->children.push_back(std::move(iterable));
    node->children.push_back(std::move(test));
    MR_ASSIGN_OR_RETURN(node->body, Body({"endfor", "else"}, /*take=*/false));
    if (tokens_.Take().text == "else") {
      MR_ASSIGN_OR_RETURN(node->alternative, Body({"endfor"}));
    }
    return node;
  }

  NodeResult If() {
    JinjaNodePtr first = Make(Kind::kIf);
    tokens_.Take();
    JinjaNode* node = first.get();
    while (true) {
      MR_ASSIGN_OR_RETURN(JinjaNodePtr test, expressions_.Tuple(false));
      node->children.push_back(std::move(test));
      MR_ASSIGN_OR_RETURN(node->body, Body({"elif", "else", "endif"}, /*take=*/false));
      const std::string& tag = tokens_.Take().text;
      if (tag == "elif") {
        first->branches.push_back(Make(Kind::kIf));
        node = first->branches.back().get();
        continue;
      }
      if (tag == "else") {
        MR_ASSIGN_OR_RETURN(first->alternative, Body({"endif"}));
      }
      return first;
    }
  }

  NodeResult Set() {
    const int line = tokens_.line();
    tokens_.Take();
    MR_ASSIGN_OR_RETURN(JinjaNodePtr target, expressions_.Target({}, /*members=*/true));
    const bool block = !tokens_.TakeOperator("=");
    auto node = std::make_unique<JinjaNode>(block ? Kind::kAssignBlock : Kind::kAssign, line);
    node->children.push_back(std::move(target));
    JinjaNodePtr value;
    if (block) {
      MR_ASSIGN_OR_RETURN(value, expressions_.Filters(nullptr));
      MR_ASSIGN_OR_RETURN(node->body, Body({"endset"}));
    } else {
      MR_ASSIGN_OR_RETURN(value, expressions_.Tuple());
    }
    node->children.push_back(std::move(value));
    return node;
  }

  NodeResult With() {
    JinjaNodePtr node = Make(Kind::kWith);
    tokens_.Take();
    while (!tokens_.Is(Token::kBlockEnd)) {
      if (!node->children.empty()) MR_RETURN_IF_ERROR(tokens_.ExpectOperator(","));
      MR_ASSIGN_OR_RETURN(JinjaNodePtr target, expressions_.Target());
      MR_RETURN_IF_ERROR(tokens_.ExpectOperator("="));
      MR_ASSIGN_OR_RETURN(JinjaNodePtr value, expressions_.Expression());
      node->children.push_back(std::move(target));
      node->children.push_back(std::move(value));
    }
    MR_ASSIGN_OR_RETURN(node->body, Body({"endwith"}));
    return node;
  }

  Status Signature(JinjaNode& node) {
    MR_RETURN_IF_ERROR(tokens_.ExpectOperator("("));
    while (!tokens_.current().IsOperator(")")) {
      if (!node.parameters.empty()) MR_RETURN_IF_ERROR(tokens_.ExpectOperator(","));
      MR_ASSIGN_OR_RETURN(JinjaNodePtr parameter, expressions_.TargetName());
      for (const JinjaNodePtr& other : node.parameters) {
        if (other->name == parameter->name) {
          return PyError("SyntaxError", "duplicate argument in function definition");
        }
      }
      parameter->is_parameter = true;
      if (tokens_.TakeOperator("=")) {
        MR_ASSIGN_OR_RETURN(JinjaNodePtr value, expressions_.Expression());
        node.defaults.push_back(std::move(value));
      } else if (!node.defaults.empty()) {
        return tokens_.Error("non-default argument follows default argument");
      }
      node.parameters.push_back(std::move(parameter));
    }
    return tokens_.ExpectOperator(")");
  }

  NodeResult Macro() {
    JinjaNodePtr node = Make(Kind::kMacro);
    tokens_.Take();
    MR_ASSIGN_OR_RETURN(JinjaNodePtr name, expressions_.TargetName());
    node->name = name->name;
    MR_RETURN_IF_ERROR(Signature(*node));
    MR_ASSIGN_OR_RETURN(node->body, Body({"endmacro"}));
    return node;
  }

  NodeResult CallBlock() {
    JinjaNodePtr node = Make(Kind::kCallBlock);
    tokens_.Take();
    if (tokens_.current().IsOperator("(")) MR_RETURN_IF_ERROR(Signature(*node));
    MR_ASSIGN_OR_RETURN(JinjaNodePtr call, expressions_.Expression());
    if (call->kind != Kind::kCall) return tokens_.Error("expected call");
    node->children.push_back(std::move(call));
    MR_ASSIGN_OR_RETURN(node->body, Body({"endcall"}));
    return node;
  }

  NodeResult Filter() {
    JinjaNodePtr node = Make(Kind::kFilterBlock);
    tokens_.Take();
    MR_ASSIGN_OR_RETURN(JinjaNodePtr filter, expressions_.Filters(nullptr, /*named=*/true));
    node->children.push_back(std::move(filter));
    MR_ASSIGN_OR_RETURN(node->body, Body({"endfilter"}));
    return node;
  }

  NodeResult Print() {
    JinjaNodePtr node = Make(Kind::kOutput);
    tokens_.Take();
    while (!tokens_.Is(Token::kBlockEnd)) {
      if (!node->children.empty()) MR_RETURN_IF_ERROR(tokens_.ExpectOperator(","));
      MR_ASSIGN_OR_RETURN(JinjaNodePtr value, expressions_.Expression());
      node->children.push_back(std::move(value));
    }
    return node;
  }

  /// Nothing can extend a template here, so a block is what it says.
  NodeResult Block() {
    JinjaNodePtr node = Make(Kind::kScope);
    node->isolated = true;
    tokens_.Take();
    MR_ASSIGN_OR_RETURN(JinjaNodePtr name, expressions_.TargetName());
    tokens_.TakeName("scoped");
    tokens_.TakeName("required");
    MR_ASSIGN_OR_RETURN(node->body, Body({"endblock"}));
    tokens_.TakeName(name->name);
    return node;
  }

  NodeResult Autoescape() {
    JinjaNodePtr node = Make(Kind::kScope);
    tokens_.Take();
    MR_ASSIGN_OR_RETURN(JinjaNodePtr on, expressions_.Expression());
    node->children.push_back(std::move(on));
    MR_ASSIGN_OR_RETURN(node->body, Body({"endautoescape"}));
    return node;
  }

  NodeResult NoTemplate() {
    JinjaNodePtr node = Make(Kind::kNoTemplate);
    tokens_.Take();
    MR_ASSIGN_OR_RETURN(JinjaNodePtr name, expressions_.Expression());
    node->children.push_back(std::move(name));
    return node;
  }

  void TakeContext() {
    if (!AtAny({"with", "without"}) || !tokens_.next().IsName("context")) return;
    tokens_.Take();
    tokens_.Take();
  }

  NodeResult Include() {
    const bool include = tokens_.current().IsName("include");
    MR_ASSIGN_OR_RETURN(JinjaNodePtr node, NoTemplate());
    if (!include) return node;
    if (tokens_.current().IsName("ignore") && tokens_.next().IsName("missing")) {
      tokens_.Take();
      tokens_.Take();
    }
    TakeContext();
    return node;
  }

  NodeResult Import() {
    MR_ASSIGN_OR_RETURN(JinjaNodePtr node, NoTemplate());
    MR_RETURN_IF_ERROR(tokens_.ExpectName("as"));
    MR_ASSIGN_OR_RETURN(JinjaNodePtr target, expressions_.TargetName());
    node->children.push_back(std::move(target));
    TakeContext();
    return node;
  }

  NodeResult From() {
    MR_ASSIGN_OR_RETURN(JinjaNodePtr node, NoTemplate());
    MR_RETURN_IF_ERROR(tokens_.ExpectName("import"));
    do {
      if (AtAny({"with", "without"}) && tokens_.next().IsName("context")) break;
      MR_ASSIGN_OR_RETURN(JinjaNodePtr target, expressions_.TargetName());
      if (target->name[0] == '_') return tokens_.Error("names with an underline are not imported");
      if (tokens_.TakeName("as")) {
        MR_ASSIGN_OR_RETURN(target, expressions_.TargetName());
      }
      node->children.push_back(std::move(target));
    } while (tokens_.TakeOperator(","));
    TakeContext();
    return node;
  }

  JinjaTokenStream tokens_;
  JinjaExpressionParser expressions_;
};

}  // namespace

Result<JinjaNodes> ParseJinja(std::string_view source) {
  MR_ASSIGN_OR_RETURN(std::vector<JinjaToken> tokens, TokenizeJinja(source));
  return JinjaParser(std::move(tokens)).Run();
}

}  // namespace millrace
