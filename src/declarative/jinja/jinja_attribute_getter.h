#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "declarative/jinja/py_value.h"

namespace millrace {

/// What filters take as `attribute`: a dotted path into each item, whose parts are names or
/// indices; or none, then it's the item itself.
class JinjaAttributeGetter {
 public:
  /// `attribute` null or None: the item. `fallback` (may be null, may be None) stands for what is
  /// undefined. `ignore_case`: text comes in lower case.
  explicit JinjaAttributeGetter(const PyValue* attribute, bool ignore_case = false,
                                const PyValue* fallback = nullptr);

  Result<PyValue> Get(const PyValue& item) const;

 private:
  std::vector<PyValue> parts_;
  const bool ignore_case_;
  PyValue fallback_;  // None: there is none
};

}  // namespace millrace
