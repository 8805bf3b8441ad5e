#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "declarative/manifest/component.h"
#include "declarative/manifest/engine_environment.h"
#include "declarative/slices/stream_slicer.h"
#include "declarative/streams/retriever.h"

namespace millrace {

/// What an HttpComponentsResolver reads its values with.
struct ComponentsRetriever {
  std::unique_ptr<StreamSlicer> slicer;
  std::unique_ptr<Retriever> retriever;
};
using MakeComponentsRetriever =
    std::function<Result<ComponentsRetriever>(const Component& retriever, const std::string& name)>;

/// The streams that a dynamic stream stands for: its template, once for each of the values that the
/// configuration, the manifest or the API gives, with the mapped fields put in. A list of dicts
/// without propagated parameters. `dynamic` is a DynamicDeclarativeStream. Blocks where the API is
/// asked. Config errors name the manifest's line.
Result<PyList> ResolveDynamicStream(const Component& dynamic, const EngineEnvironment& environment,
                                    const MakeComponentsRetriever& make_retriever,
                                    std::stop_token stop);

}  // namespace millrace
