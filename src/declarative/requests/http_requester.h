#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "declarative/manifest/component.h"
#include "declarative/manifest/engine_environment.h"
#include "declarative/requests/api_resources.h"
#include "declarative/requests/exchange_watch.h"
#include "declarative/requests/requester.h"

namespace millrace {

/// What a requester takes from where it stands in the manifest.
struct HttpRequesterOptions {
  ApiResources* resources = nullptr;
  std::string name;  ///< of the stream
  /// The decoder reads the raw body (see ResponseDecoder::streams).
  bool stream_response = false;
  /// Remembers replies although the component doesn't ask for it (parents, resolvers). The caller
  /// has seen whether it forbids it.
  bool use_cache = false;
  bool exit_on_rate_limit = false;
  /// The parameter that carries slice.extra_fields.query_properties, joined by commas; empty: none.
  /// A QueryProperties component among the request parameters is left out by itself.
  std::string query_properties_key;
  ExchangePurpose purpose = {};
};

/// Of type HttpRequester.
Result<std::unique_ptr<Requester>> MakeHttpRequester(const Component& component,
                                                     const EngineEnvironment& environment,
                                                     HttpRequesterOptions options);

}  // namespace millrace
