#pragma once

#include "declarative/jinja/py_value.h"

namespace millrace {

/// The form in which a builder's interface wants a resolved manifest: what several components have
/// in common (base URLs, authenticators, error handlers, …) moves to `definitions.linked` and is
/// referred to; parents of substreams refer to the stream; unused definitions and schemas are left
/// out. The manifest itself when it can't be brought into that form, as in the CDK. Shares no dict
/// with the manifest.
PyValue NormalizeManifest(const PyValue& resolved);

}  // namespace millrace
