#pragma once

#include <string_view>

#include "base/result.h"
#include "declarative/jinja/py_value.h"
#include "declarative/manifest/yaml_composer.h"

namespace millrace {

/// The tag of a plain scalar by its text, as PyYAML's resolver finds it: `1_000`, `0x1F`, `1:30`,
/// `yes`, `2024-01-31` and so on; `1e3` and `0o17` are text.
YamlTag ResolveYamlScalar(std::string_view text);

/// The value of text that is tagged so (by itself or by an explicit tag). The failure is a message
/// without a place: what is wrong with the text.
Result<PyValue> MakeYamlScalar(YamlTag tag, std::string_view text);

}  // namespace millrace
