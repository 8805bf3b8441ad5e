#include "declarative/manifest/yaml_composer.h"

#include <fmt/format.h>
#include <yaml.h>

#include <unordered_map>

#include "declarative/manifest/yaml_scalar.h"
#include "declarative/manifest/yaml_text.h"

namespace millrace {
namespace {

constexpr size_t kBytesMax = 64 << 20;
constexpr size_t kNodesMax = 2'000'000;
constexpr size_t kDepthMax = 250;

struct TagName {
  std::string_view name;
  YamlTag tag;
};
constexpr std::string_view kTagPrefix = "tag:yaml.org,2002:";
constexpr TagName kTags[] = {
    {"null", YamlTag::kNull},   {"bool", YamlTag::kBool},     {"int", YamlTag::kInt},
    {"float", YamlTag::kFloat}, {"binary", YamlTag::kBinary}, {"timestamp", YamlTag::kTimestamp},
    {"str", YamlTag::kStr},     {"seq", YamlTag::kSeq},       {"map", YamlTag::kMap},
    {"set", YamlTag::kSet},     {"omap", YamlTag::kOmap},     {"pairs", YamlTag::kPairs},
    {"merge", YamlTag::kMerge}, {"value", YamlTag::kDefault},
};

YamlTag TagOf(std::string_view name) {
  if (!name.starts_with(kTagPrefix)) return YamlTag::kUnknown;
  name.remove_prefix(kTagPrefix.size());
  for (const TagName& known : kTags) {
    if (known.name == name) return known.tag;
  }
  return YamlTag::kUnknown;
}

/// libyaml's parser and its current event, freed at the end.
class Events {
 public:
  explicit Events(std::string_view text) {
    yaml_parser_initialize(&parser_);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()),
                                 text.size());
  }
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;
  ~Events() {
    yaml_event_delete(&event_);
    yaml_parser_delete(&parser_);
  }

  bool Next() {
    yaml_event_delete(&event_);
    event_ = {};
    return yaml_parser_parse(&parser_, &event_) != 0;
  }
  const yaml_event_t& event() const { return event_; }
  const yaml_parser_t& parser() const { return parser_; }

 private:
  yaml_parser_t parser_{};
  yaml_event_t event_{};
};

class Composer {
 public:
  Composer(std::string_view text, YamlFailure* failure) : events_(text), failure_(failure) {}

  /// Where libyaml stumbled over the colon of "{a:[b]}", which PyYAML reads: in code points.
  std::optional<size_t> colon() const { return colon_; }
  /// The quoted and block scalars of what was composed.
  const std::vector<YamlSpan>& spans() const { return spans_; }

  Result<YamlGraph> Compose() {
    bool document = false;
    for (;;) {
      if (!events_.Next()) return SyntaxError();
      switch (events_.event().type) {
        case YAML_STREAM_END_EVENT:
          return std::move(graph_);
        case YAML_DOCUMENT_START_EVENT:
          if (document) return Fail(YamlFailure::kComposer, "a second document starts here");
          document = true;
          break;
        case YAML_STREAM_START_EVENT:
        case YAML_DOCUMENT_END_EVENT:
          break;
        default:
          MR_RETURN_IF_ERROR(Add());
      }
    }
  }

 private:
  /// A collection that is not complete yet, and the key that waits for its value.
  struct Open {
    YamlNode* node;
    YamlNode* key = nullptr;
  };

  Status Fail(YamlFailure failure, std::string_view what) {
    *failure_ = failure;
    const yaml_mark_t& mark = events_.event().start_mark;
    return YamlError(static_cast<int>(mark.line) + 1, static_cast<int>(mark.column) + 1, what);
  }

  Status SyntaxError() {
    const yaml_parser_t& parser = events_.parser();
    const std::string_view problem = parser.problem == nullptr ? "unreadable" : parser.problem;
    switch (parser.error) {
      case YAML_READER_ERROR:
        *failure_ = YamlFailure::kReader;
        return ConfigError("byte {}: {}", parser.problem_offset, problem);
      case YAML_SCANNER_ERROR:
        if (problem == "found unexpected ':'") colon_ = parser.problem_mark.index;
        *failure_ = problem.find("cannot start any token") != problem.npos ? YamlFailure::kTab
                    : problem.find("invalid Unicode character escape") != problem.npos
                        ? YamlFailure::kSurrogate
                    : problem.find("non-alphabetical") != problem.npos ? YamlFailure::kDirective
                                                                       : YamlFailure::kScanner;
        break;
      case YAML_PARSER_ERROR:
        *failure_ = YamlFailure::kParser;
        break;
      default:
        *failure_ = YamlFailure::kTooLarge;
    }
    const std::string context =
        parser.context == nullptr ? "" : fmt::format("{}, ", parser.context);
    return YamlError(static_cast<int>(parser.problem_mark.line) + 1,
                     static_cast<int>(parser.problem_mark.column) + 1,
                     fmt::format("{}{}", context, problem));
  }

  /// Takes the current event, whatever it means, into the graph.
  Status Add() {
    const yaml_event_t& event = events_.event();
    switch (event.type) {
      case YAML_ALIAS_EVENT:
        return Alias(reinterpret_cast<const char*>(event.data.alias.anchor));
      case YAML_SCALAR_EVENT:
        return Scalar();
      case YAML_SEQUENCE_START_EVENT:
        return Start(YamlNode::Kind::kSequence, event.data.sequence_start.tag,
                     event.data.sequence_start.anchor, YamlTag::kSeq);
      case YAML_MAPPING_START_EVENT:
        return Start(YamlNode::Kind::kMapping, event.data.mapping_start.tag,
                     event.data.mapping_start.anchor, YamlTag::kMap);
      case YAML_SEQUENCE_END_EVENT:
      case YAML_MAPPING_END_EVENT:
        open_.pop_back();
        return Status::Ok();
      default:
        return Status::Ok();
    }
  }

  Status Alias(const char* anchor) {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      return Fail(YamlFailure::kComposer, fmt::format("there is no anchor &{}", anchor));
    }
    Place(found->second);
    return Status::Ok();
  }

  Status Scalar() {
    const auto& scalar = events_.event().data.scalar;
    const std::string_view text(reinterpret_cast<const char*>(scalar.value), scalar.length);
    const YamlTag implicit = scalar.plain_implicit ? ResolveYamlScalar(text) : YamlTag::kStr;
    MR_ASSIGN_OR_RETURN(YamlNode * node,
                        Make(YamlNode::Kind::kScalar, scalar.tag, scalar.anchor, implicit));
    node->text = text;
    Place(node);
    if (scalar.style != YAML_PLAIN_SCALAR_STYLE) {
      spans_.push_back({events_.event().start_mark.index, events_.event().end_mark.index});
    }
    return Status::Ok();
  }

  Status Start(YamlNode::Kind kind, const yaml_char_t* tag, const yaml_char_t* anchor,
               YamlTag implicit) {
    if (open_.size() >= kDepthMax) {
      return Fail(YamlFailure::kTooLarge, fmt::format("nested more than {} deep", kDepthMax));
    }
    MR_ASSIGN_OR_RETURN(YamlNode * node, Make(kind, tag, anchor, implicit));
    Place(node);
    open_.push_back({node});
    return Status::Ok();
  }

  Result<YamlNode*> Make(YamlNode::Kind kind, const yaml_char_t* tag, const yaml_char_t* anchor,
                         YamlTag implicit) {
    if (graph_.nodes.size() >= kNodesMax) {
      return Fail(YamlFailure::kTooLarge, fmt::format("more than {} values", kNodesMax));
    }
    YamlNode& node = graph_.nodes.emplace_back();
    const yaml_mark_t& mark = events_.event().start_mark;
    node.kind = kind;
    node.line = static_cast<int>(mark.line) + 1;
    node.column = static_cast<int>(mark.column) + 1;
    const std::string_view name = tag == nullptr ? "" : reinterpret_cast<const char*>(tag);
    node.tag = name.empty() || name == "!" ? implicit : TagOf(name);
    if (node.tag == YamlTag::kUnknown) node.unknown_tag = name;
    if (anchor != nullptr) {
      const char* label = reinterpret_cast<const char*>(anchor);
      if (!anchors_.emplace(label, &node).second) {
        return Fail(YamlFailure::kComposer, fmt::format("the anchor &{} is set twice", label));
      }
    }
    return &node;
  }

  /// Puts a node where the next one belongs.
  void Place(YamlNode* node) {
    if (open_.empty()) {
      graph_.root = node;
    } else if (Open& parent = open_.back(); parent.node->kind == YamlNode::Kind::kSequence) {
      parent.node->items.push_back(node);
    } else if (parent.key == nullptr) {
      parent.key = node;
    } else {
      parent.node->entries.emplace_back(std::exchange(parent.key, nullptr), node);
    }
  }

  Events events_;
  YamlFailure* failure_;
  YamlGraph graph_;
  std::vector<Open> open_;
  std::vector<YamlSpan> spans_;
  std::optional<size_t> colon_;
  std::unordered_map<std::string, YamlNode*> anchors_;
};

}  // namespace

Status YamlError(int line, int column, std::string_view what) {
  return ConfigError("line {}, column {}: {}", line, column, what);
}

Result<YamlGraph> ComposeYaml(std::string_view text, YamlTabs tabs, YamlFailure* failure) {
  if (text.size() > kBytesMax) {
    *failure = YamlFailure::kTooLarge;
    return ConfigError("{} bytes of YAML are too many: at most {} are read", text.size(),
                       kBytesMax);
  }
  // Where libyaml refuses what Python's own parser reads, the CDK asks that one: here the text is
  // spelled otherwise and read again.
  constexpr int kSpellingsMax = 100;
  std::string spelled;
  for (int attempt = 0;; ++attempt) {
    Composer composer(text, failure);
    Result<YamlGraph> graph = composer.Compose();
    if (graph.ok() && tabs == YamlTabs::kRefused) {
      if (const std::optional<YamlPlace> tab = FindTabBetweenTokens(text, composer.spans())) {
        *failure = YamlFailure::kTab;
        return YamlError(tab->line, tab->column, "a tab can't stand here: use spaces");
      }
    }
    if (graph.ok() || attempt == kSpellingsMax) return graph;
    std::string next;
    if (composer.colon().has_value()) {
      next = WithSpaceAfter(text, *composer.colon());
    } else if (*failure == YamlFailure::kSurrogate) {
      next = JoinEscapedSurrogates(text);
    }
    if (next.empty() || next == text) return graph;
    spelled = std::move(next);
    text = spelled;
    *failure = YamlFailure::kNone;
  }
}

}  // namespace millrace
