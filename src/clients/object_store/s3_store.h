#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "clients/object_store/object_store.h"
#include "clients/s3/s3_config.h"

namespace millrace {

/// The objects of a bucket below `prefix` ("raw/shop"; empty: the whole bucket). Contacts nothing.
///
/// Uploads are multipart whatever their size, so that they stay hidden until Complete. Memory: one
/// part in the making for each open upload (as much as was written, 8 MiB at most for files below
/// 16 GB) and at most kPartsInFlight more for all uploads of the store together. `stop`: see
/// S3Client::Make.
Result<std::unique_ptr<ObjectStore>> MakeS3Store(const S3Config& config, std::string prefix,
                                                 std::stop_token stop = {});

inline constexpr int kPartsInFlight = 4;

}  // namespace millrace
