#pragma once

#include "base/result.h"
#include "declarative/jinja/py_value.h"
#include "declarative/manifest/manifest.h"

namespace millrace {

/// What a SPEC message says of a connector: the `spec` member, from the manifest's Spec, as the CDK
/// prints it. Its own dicts leave out null members at their first level, as there. A system error
/// when the manifest has no `spec`, and for an `advanced_auth` without auth_flow_type (the CDK
/// fails, too).
Result<PyValue> ManifestSpecification(const Manifest& manifest);

}  // namespace millrace
