#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "declarative/manifest/component.h"
#include "declarative/manifest/engine_environment.h"
#include "declarative/streams/components_resolver.h"

namespace millrace {

/// A stream as the manifest describes it, before anything is built of it.
struct StreamDescription {
  Component component;
  /// Of the dynamic stream that it comes from; empty: it stands in the manifest.
  std::string dynamic_stream;
};

/// The streams that stand in the manifest, in its order; of ConditionalStreams those whose
/// condition holds. `manifest` is the resolved root. Config errors name the line.
Result<std::vector<StreamDescription>> StaticStreams(const Component& manifest,
                                                     const EngineEnvironment& environment);

/// The streams that the dynamic ones come to; may ask the API. A config error when two have one
/// name.
Result<std::vector<StreamDescription>> DynamicStreams(const Component& manifest,
                                                      const EngineEnvironment& environment,
                                                      const MakeComponentsRetriever& make_retriever,
                                                      std::stop_token stop);

/// Lets the requests of parent streams be answered from a cache (use_cache), as the CDK does, where
/// the manifest doesn't say otherwise: the parents within these streams, and the streams that are
/// somebody's parent. Changes the descriptions, which are copies.
void CacheParentStreams(const std::vector<StreamDescription>& all,
                        std::vector<StreamDescription>* streams);

}  // namespace millrace
