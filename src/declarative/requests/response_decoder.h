#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "declarative/manifest/component.h"
#include "declarative/manifest/engine_environment.h"
#include "declarative/requests/api_response.h"

namespace millrace {

/// Makes values of a reply's body. Built once; const, any thread.
class ResponseDecoder {
 public:
  /// Takes one value; a failure ends the decoding with it.
  using Sink = std::function<Status(PyValue)>;

  virtual ~ResponseDecoder() = default;

  /// Whether it reads replies while they come, in Airbyte: pagination sees nothing of them then,
  /// and requests for it are to be made with stream_response.
  virtual bool streams() const { return false; }
  /// Whether replies are plain JSON, each a text of its own (JsonDecoder).
  virtual bool reads_json() const { return false; }
  /// Hands over the elements of a top-level list, or what is in the body.
  virtual Status Decode(const ApiResponse& response, const Sink& sink) const = 0;

  /// The first value alone; an empty dict when there is none, or the decoder streams: what
  /// pagination sees of a reply.
  Result<PyValue> DecodeForPagination(const ApiResponse& response) const;
};

/// Of any decoder's type.
Result<std::unique_ptr<ResponseDecoder>> MakeResponseDecoder(const Component& component,
                                                             const EngineEnvironment& environment);
/// The one of requests that name none.
std::unique_ptr<ResponseDecoder> MakeJsonDecoder();

}  // namespace millrace
