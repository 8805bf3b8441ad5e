#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "declarative/jinja/jinja_node.h"

namespace millrace {

/// What binding finds out about a template as a whole.
struct JinjaBinding {
  std::vector<std::string> names;  ///< what it takes from the context (or the globals)
  std::vector<JinjaLoad> loads;
  uint16_t slots = 0;
  bool has_effects = false;  ///< something is called: evaluating it twice may differ
  bool may_change = false;   ///< what is called may change the values that the template is given
};

/// Gives every variable its place and every filter and test its function. Fails with a
/// TemplateAssertionError: an unknown filter or test (that isn't merely conditional), an assignment
/// to `loop`.
Result<JinjaBinding> BindJinja(JinjaNodes& statements);

}  // namespace millrace
