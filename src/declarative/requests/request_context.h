#pragma once

#include "declarative/jinja/interpolation.h"
#include "declarative/manifest/engine_environment.h"
#include "declarative/slices/stream_slice.h"

namespace millrace {

/// The variables of a request's templates: stream_slice, next_page_token, and each of the slice's
/// extra fields by its name, as far as there is room. Keeps what the context borrows; lives for one
/// evaluation.
class RequestContext {
 public:
  /// `slice` may be null; both, and `environment`, outlive it.
  RequestContext(const EngineEnvironment& environment, const StreamSlice* slice,
                 const PyValue& next_page_token);
  RequestContext(const RequestContext&) = delete;
  RequestContext& operator=(const RequestContext&) = delete;

  const InterpolationContext& context() const { return context_; }

 private:
  PyValue slice_;
  InterpolationContext context_;
};

}  // namespace millrace
