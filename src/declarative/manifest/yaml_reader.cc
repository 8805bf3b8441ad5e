#include "declarative/manifest/yaml_reader.h"

#include <fmt/format.h>

#include <unordered_map>
#include <utility>

#include "declarative/jinja/py_hash.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/manifest/yaml_scalar.h"

namespace millrace {
namespace {

/// Aliases can nest deeper than the text does.
constexpr int kDepthMax = 250;
constexpr size_t kMergedMax = 2'000'000;

/// Makes values of a graph.
class Constructor {
 public:
  Constructor(YamlFailure* failure, YamlLines* lines) : failure_(failure), lines_(lines) {}

  Result<PyValue> Make(YamlNode* node) {  // NOLINT(misc-no-recursion): bounded by kDepthMax
    if (const auto made = made_.find(node); made != made_.end()) return made->second;
    if (node->kind == YamlNode::Kind::kScalar) return Scalar(*node);
    if (node->open) return Fail(*node, "this value contains itself by an alias");
    if (depth_ >= kDepthMax) {
      return Fail(*node, fmt::format("nested more than {} deep", kDepthMax),
                  YamlFailure::kTooLarge);
    }
    node->open = true;
    ++depth_;
    Result<PyValue> value = Collection(node);
    --depth_;
    node->open = false;
    if (value.ok()) {
      value->set_line(node->line);
      made_.emplace(node, *value);
    }
    return value;
  }

 private:
  Status Fail(const YamlNode& node, std::string_view what,
              YamlFailure failure = YamlFailure::kConstructor) {
    *failure_ = failure;
    return YamlError(node.line, node.column, what);
  }

  Result<PyValue> Scalar(const YamlNode& node) {
    switch (node.tag) {
      case YamlTag::kUnknown:
        return UnknownTag(node);
      case YamlTag::kMerge:
      case YamlTag::kDefault:
        // YAML 1.1 gives them a meaning as keys only; PyYAML refuses them elsewhere, too.
        return Fail(node, fmt::format("{} must be quoted here", node.text));
      case YamlTag::kSeq:
      case YamlTag::kOmap:
      case YamlTag::kPairs:
        return Fail(node, "a list is expected here, not a scalar");
      case YamlTag::kMap:
      case YamlTag::kSet:
        return Fail(node, "a mapping is expected here, not a scalar");
      default:
        return ScalarOf(node, node.tag, node.text);
    }
  }

  Result<PyValue> ScalarOf(const YamlNode& node, YamlTag tag, std::string_view text) {
    Result<PyValue> value = MakeYamlScalar(tag, text);
    if (!value.ok()) {
      return Fail(node, value.status().ToString(),
                  tag == YamlTag::kBinary ? YamlFailure::kConstructor : YamlFailure::kValue);
    }
    return value;
  }

  Status UnknownTag(const YamlNode& node) {
    return Fail(node, fmt::format("nothing can be made of the tag {}", node.unknown_tag));
  }

  Result<PyValue> Collection(YamlNode* node) {  // NOLINT(misc-no-recursion)
    const bool mapping = node->kind == YamlNode::Kind::kMapping;
    switch (node->tag) {
      case YamlTag::kSeq:
        return mapping ? Fail(*node, "a list is expected here, not a mapping") : Sequence(*node);
      case YamlTag::kOmap:
      case YamlTag::kPairs:
        return mapping ? Fail(*node, "a list is expected here, not a mapping") : Pairs(*node);
      case YamlTag::kMap:
        return mapping ? Mapping(node) : Fail(*node, "a mapping is expected here, not a list");
      case YamlTag::kSet:
        return mapping ? Set(node) : Fail(*node, "a mapping is expected here, not a list");
      case YamlTag::kUnknown:
      case YamlTag::kMerge:
      case YamlTag::kDefault:
        return UnknownTag(*node);
      default:
        break;
    }
    // A scalar's tag on a mapping means the value under "=".
    const YamlNode* scalar = node;
    for (int hops = 0; scalar->kind == YamlNode::Kind::kMapping && hops < kDepthMax; ++hops) {
      const YamlNode* next = nullptr;
      for (const auto& [key, value] : scalar->entries) {
        if (next == nullptr && key->tag == YamlTag::kDefault) next = value;
      }
      if (next == nullptr) break;
      scalar = next;
    }
    if (scalar->kind != YamlNode::Kind::kScalar) {
      return Fail(*node, "a scalar is expected here, not a list or mapping");
    }
    return ScalarOf(*node, node->tag, scalar->text);
  }

  Result<PyValue> Sequence(const YamlNode& node) {  // NOLINT(misc-no-recursion)
    PyList items;
    items.reserve(node.items.size());
    for (YamlNode* item : node.items) {
      MR_ASSIGN_OR_RETURN(PyValue value, Make(item));
      items.push_back(std::move(value));
    }
    return PyValue::List(std::move(items));
  }

  /// Ordered maps are lists of tuples.
  Result<PyValue> Pairs(const YamlNode& node) {  // NOLINT(misc-no-recursion)
    PyList pairs;
    for (const YamlNode* item : node.items) {
      if (item->kind != YamlNode::Kind::kMapping || item->entries.size() != 1) {
        return Fail(*item, "a mapping with one key is expected here");
      }
      MR_ASSIGN_OR_RETURN(PyValue key, Make(item->entries[0].first));
      MR_ASSIGN_OR_RETURN(PyValue value, Make(item->entries[0].second));
      pairs.push_back(PyValue::Tuple({std::move(key), std::move(value)}));
    }
    return PyValue::List(std::move(pairs));
  }

  Result<PyValue> Set(YamlNode* node) {  // NOLINT(misc-no-recursion)
    MR_ASSIGN_OR_RETURN(const PyValue mapping, Mapping(node));
    PyList items;
    for (const auto& [key, value] : mapping.dict()) items.push_back(key);
    return PyValue::Set(std::move(items));
  }

  Result<PyValue> Mapping(YamlNode* node) {  // NOLINT(misc-no-recursion)
    MR_RETURN_IF_ERROR(Flatten(node));
    std::vector<PyDict::Entry> entries;
    for (const auto& [key_node, value_node] : node->entries) {
      MR_ASSIGN_OR_RETURN(PyValue key, Make(key_node));
      if (!PyHashable(key).ok()) return Fail(*key_node, "a list or mapping can't be a key");
      MR_ASSIGN_OR_RETURN(PyValue value, Make(value_node));
      if (lines_ != nullptr && key.is_str()) lines_->Add(node->line, key.str(), key_node->line);
      entries.emplace_back(std::move(key), std::move(value));
    }
    MR_ASSIGN_OR_RETURN(PyDict dict, PyDictOf(std::move(entries)));
    return PyValue(std::move(dict));
  }

  /// Replaces merge keys by the entries they stand for, which come first and yield to own ones.
  Status Flatten(YamlNode* node) {  // NOLINT(misc-no-recursion): once for each node
    if (node->flattened) return Status::Ok();
    node->flattened = true;  // before its parts: one that merges itself must not do so for ever
    std::vector<std::pair<YamlNode*, YamlNode*>> merged, own;
    for (const auto& [key, value] : std::exchange(node->entries, {})) {
      if (key->tag != YamlTag::kMerge) {
        if (key->tag == YamlTag::kDefault) key->tag = YamlTag::kStr;
        own.emplace_back(key, value);
        continue;
      }
      std::vector<YamlNode*> sources = {value};
      if (value->kind == YamlNode::Kind::kSequence) {
        // The first of several wins: it is applied last.
        sources.assign(value->items.rbegin(), value->items.rend());
      }
      for (YamlNode* source : sources) {
        if (source->kind != YamlNode::Kind::kMapping) {
          return Fail(*source, "<< takes a mapping or a list of mappings");
        }
        if (++depth_ > kDepthMax) return Fail(*source, "merged too deep", YamlFailure::kTooLarge);
        const Status status = Flatten(source);
        --depth_;
        MR_RETURN_IF_ERROR(status);
        merged_ += source->entries.size();
        if (merged_ > kMergedMax) {
          return Fail(*source, "merge keys make too many entries", YamlFailure::kTooLarge);
        }
        merged.insert(merged.end(), source->entries.begin(), source->entries.end());
      }
    }
    merged.insert(merged.end(), own.begin(), own.end());
    node->entries = std::move(merged);
    return Status::Ok();
  }

  YamlFailure* failure_;
  YamlLines* lines_;
  std::unordered_map<const YamlNode*, PyValue> made_;
  size_t merged_ = 0;
  int depth_ = 0;
};

std::string LineKey(int dict_line, std::string_view key) {
  return fmt::format("{}:{}", dict_line, key);
}

}  // namespace

int YamlLines::OfField(int dict_line, std::string_view key) const {
  const auto found = lines_.find(LineKey(dict_line, key));
  return found == lines_.end() ? dict_line : found->second;
}

void YamlLines::Add(int dict_line, std::string_view key, int line) {
  lines_[LineKey(dict_line, key)] = line;
}

Result<PyValue> ReadYaml(std::string_view text, const YamlOptions& options) {
  YamlFailure ignored = YamlFailure::kNone;
  YamlFailure* failure = options.failure == nullptr ? &ignored : options.failure;
  *failure = YamlFailure::kNone;
  MR_ASSIGN_OR_RETURN(const YamlGraph graph, ComposeYaml(text, options.tabs, failure));
  if (graph.root == nullptr) return PyValue();
  return Constructor(failure, options.lines).Make(graph.root);
}

}  // namespace millrace
