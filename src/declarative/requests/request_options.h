#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "declarative/jinja/py_value.h"

namespace millrace {

/// What one contributor (requester, authenticator, paginator, slicer) adds to a request. Each is a
/// dict or None; body_data may be text. Values are those of Python: numbers and lists included.
struct RequestOptions {
  PyValue params, headers, body_data, body_json;
};

/// Puts `more` into `into` as the CDK merges: a key that both have is a ValueError, except equal
/// values inside body_json. `into` shares no dict with `more` afterwards.
Status MergeRequestOptions(RequestOptions more, RequestOptions* into);

}  // namespace millrace
