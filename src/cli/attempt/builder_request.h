#pragma once

#include <map>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "declarative/builder/read_journal.h"
#include "declarative/jinja/py_value.h"

namespace millrace {

/// Where a builder's request stands in the configuration that its process is started with, beside
/// the manifest and the values to test with.
inline constexpr const char* kBuilderRequestKey = "__builder_request";

/// What a connector builder asks for: {"stream", "state", "records", "pages", "slices", "streams"}.
struct BuilderRequest {
  std::string stream;
  std::map<std::string, PyValue> states;  ///< by stream
  BuilderReadLimits limits;
  int streams_max = 5;  ///< of each dynamic stream
};

/// Takes the request out of `config`; what isn't in it counts as above. Config errors: `state` is
/// no list of STATE messages' contents.
Result<BuilderRequest> TakeBuilderRequest(Json* config);

}  // namespace millrace
