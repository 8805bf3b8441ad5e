#pragma once

#include <memory>

#include "base/json.h"

namespace millrace {

/// A Json held by value in a struct whose header needs only json_fwd (the full header costs every
/// includer seconds of build time). Immutable content, cheap to copy. Never null.
class JsonValue {
 public:
  JsonValue();            ///< {}
  JsonValue(Json value);  // NOLINT: implicit
  const Json& operator*() const { return *value_; }
  const Json* operator->() const { return value_.get(); }

 private:
  std::shared_ptr<const Json> value_;
};

}  // namespace millrace
