#pragma once

#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "declarative/jinja/py_value.h"

namespace millrace {

/// Casts the values of records to the types of a JSON schema: schema_normalization Default. A value
/// that can't be cast stays as it is. Built once from a schema; const, from several threads.
class SchemaNormalizer {
 public:
  /// An empty schema changes nothing. A system error: a part of it that the CDK stumbles over.
  static Result<SchemaNormalizer> Make(const PyValue& schema);

  /// Changes the record's values, also nested ones, in place. A PyError where casting raises what
  /// Python doesn't catch there: infinity as an integer, an integer beyond a float.
  Status Normalize(const PyValue& record) const;

  bool empty() const { return nodes_.empty(); }

 private:
  enum class Target : uint8_t { kAsIs, kString, kNumber, kInteger, kBoolean, kArray, kBroken };

  /// A schema within the schema.
  struct Node {
    Target target = Target::kAsIs;
    bool keeps_null = false;  ///< None is one of its types
    bool wraps = false;       ///< a single value becomes a list of it
    std::string broken;       ///< kBroken: what is wrong
    std::vector<std::pair<PyValue, const Node*>> properties;
    const Node* items = nullptr;
    const Node* reference = nullptr;
  };

  Result<const Node*> Compile(const PyValue& schema, const PyValue& root);
  static void CompileTarget(const PyValue& schema, Node* node);
  Result<const Node*> Resolve(const std::string& reference, const PyValue& root);
  static Status Walk(const Node& node, const PyValue& value, int depth);
  static Result<PyValue> Cast(const Node& node, const PyValue& value);

  std::deque<Node> nodes_;  // the first is the root's
  std::unordered_map<const PyObject*, const Node*> known_;
};

}  // namespace millrace
