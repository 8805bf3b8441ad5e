#pragma once

#include <functional>
#include <memory>
#include <stop_token>

#include "clients/object_store/object_store.h"
#include "connector/readable_destination.h"
#include "formats/file_format.h"
#include "lake/dedup_options.h"
#include "lake/table_layout.h"

namespace millrace {

/// Opens the store that the tables lie in. Called by Check and OpenLoad; may contact it. The token
/// ends what the store waits for.
using OpenStore = std::function<Result<std::unique_ptr<ObjectStore>>(std::stop_token)>;

/// A destination whose tables are files in an object store: what destination-s3 and
/// destination-local have in common.
std::unique_ptr<ReadableDestination> MakeLakeDestination(OpenStore open_store, LayoutConfig layout,
                                                         FileFormat format,
                                                         DedupOptions dedup = {});

}  // namespace millrace
