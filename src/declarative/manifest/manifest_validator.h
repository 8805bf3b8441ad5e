#pragma once

#include "base/status.h"
#include "declarative/jinja/py_value.h"
#include "declarative/manifest/yaml_reader.h"

namespace millrace {

/// Checks a manifest whose references are resolved and whose parameters are propagated against the
/// table of components. Accepts exactly what the CDK's JSON schema accepts: fields that a component
/// doesn't have are none of its business (they are ignored). A config error names the component,
/// the field and its line, and what may be meant. `lines` may be null.
Status ValidateManifest(const PyValue& manifest, const YamlLines* lines);

/// The same for one component of a type that the table knows, which stands at `path`.
Status ValidateComponent(const PyValue& component, std::string_view type, std::string_view path,
                         const YamlLines* lines);

}  // namespace millrace
