#include "declarative/requests/request_context.h"

#include "declarative/jinja/py_stream_slice.h"

namespace millrace {

RequestContext::RequestContext(const EngineEnvironment& environment, const StreamSlice* slice,
                               const PyValue& next_page_token)
    : context_(*environment.clock, environment.config) {
  if (slice != nullptr) {
    slice_ = PyStreamSlice::Make(slice->partition, slice->cursor_slice, slice->extra_fields);
  }
  context_.Set("stream_slice", slice_).Set("next_page_token", next_page_token);
  if (slice == nullptr || !slice->extra_fields.is_dict()) return;
  size_t room = InterpolationContext::kVariablesMax - 4;
  for (const auto& [name, value] : slice->extra_fields.dict()) {
    if (!name.is_str() || room == 0) continue;
    context_.Set(name.str(), value);
    --room;
  }
}

}  // namespace millrace
