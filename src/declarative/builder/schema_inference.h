#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "protocol/json_field.h"

namespace millrace {

/// The narrowest JSON schema that all the values fit which it was shown: what the CDK's inferrer
/// makes of a builder's records. Every field may be null; integers count as numbers; a field that
/// was never anything but null is left out. One thread.
class SchemaInference {
 public:
  SchemaInference();
  ~SchemaInference();

  /// Takes a record: an object.
  void Add(const Json& record);
  bool empty() const { return records_ == 0; }

  /// `required`: fields of the primary key and the cursor, which can't be null; those that no
  /// record had are told in `problems`, a sentence each.
  Json Schema(const std::vector<std::string>& required, std::vector<std::string>* problems) const;

 private:
  struct Node;

  std::unique_ptr<Node> root_;
  int64_t records_ = 0;
};

}  // namespace millrace
