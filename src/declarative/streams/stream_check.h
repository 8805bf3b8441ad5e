#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/status.h"
#include "declarative/manifest/component.h"
#include "declarative/manifest/engine_environment.h"
#include "declarative/streams/declarative_stream.h"
#include "declarative/streams/manifest_streams.h"

namespace millrace {

/// What a check works on. Streams are built when they are asked for.
struct CheckedStreams {
  /// The streams that stand in the manifest, and those that the dynamic ones come to.
  std::function<Result<std::vector<StreamDescription>>()> static_streams, dynamic_streams;
  std::function<Result<std::unique_ptr<DeclarativeStream>>(const StreamDescription&)> build;
};

/// CheckStream or CheckDynamicStream: reads the first record of the first slice of each stream that
/// is to be checked. Ok: all can be read, if only to find nothing. A config error whose message is
/// the check's answer: one can't; another failure: the manifest asks for what isn't there.
Status CheckStreams(const Component& check, const EngineEnvironment& environment,
                    const CheckedStreams& streams, std::stop_token stop);

}  // namespace millrace
