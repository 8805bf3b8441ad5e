#pragma once

#include "declarative/requests/request_options.h"

namespace millrace {

/// The options of both; where they have the same name in the same place, those of `over`. (Between
/// a slicer and a paginator a repeated name is an error instead: MergeRequestOptions.)
RequestOptions OverlayOptions(RequestOptions under, const RequestOptions& over);

}  // namespace millrace
