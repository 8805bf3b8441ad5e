#include "declarative/slices/overlay_options.h"

namespace millrace {
namespace {

PyValue Overlaid(const PyValue& under, const PyValue& over) {
  if (!over.is_dict() || over.dict().empty()) return under;
  if (!under.is_dict() || under.dict().empty()) return over;
  PyDict both = under.dict();
  for (const auto& [key, value] : over.dict()) both.Set(key, value);
  return PyValue(std::move(both));
}

}  // namespace

RequestOptions OverlayOptions(RequestOptions under, const RequestOptions& over) {
  return {Overlaid(under.params, over.params), Overlaid(under.headers, over.headers),
          Overlaid(under.body_data, over.body_data), Overlaid(under.body_json, over.body_json)};
}

}  // namespace millrace
