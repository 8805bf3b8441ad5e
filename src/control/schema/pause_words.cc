#include "control/schema/pause_words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "control/schema/sync_catalog.h"

namespace millrace {
namespace {

constexpr const char* kThenEnable = "then enable the connection";

bool Breaks(const Json& change) { return FieldOf(change, "breaking") == true; }

}  // namespace

std::string WhyPaused(const Json& diff, const Json& catalog) {
  std::string changed;
  for (const Json& transform : FieldOf(diff, "transforms")) {
    const StreamDescriptor stream =
        DescriptorOf(Json{{"stream", FieldOf(transform, "streamDescriptor")}});
    if (changed.empty()) changed = stream.ToString();
    const Json& update = FieldOf(transform, "updateStream");
    for (const Json& change : FieldOf(update, "fieldTransforms")) {
      if (!Breaks(change)) continue;
      const FieldPath path = FieldPathOf(FieldOf(change, "fieldName"));
      const Json* const entry = FindEntry(catalog, stream);
      const bool cursor = entry != nullptr && CursorOf(*entry) == path;
      return fmt::format("paused: {} lost its {} {}: choose another {} in the schema, {}",
                         stream.ToString(), cursor ? "cursor" : "key column", fmt::join(path, "."),
                         cursor ? "cursor" : "key", kThenEnable);
    }
    for (const Json& change : FieldOf(update, "streamAttributeTransforms")) {
      if (!Breaks(change)) continue;
      return fmt::format(
          "paused: {} has another primary key in its source: take it over in the schema, {}",
          stream.ToString(), kThenEnable);
    }
  }
  return fmt::format("paused: {} has changed in its source: look at the schema, {}", changed,
                     kThenEnable);
}

}  // namespace millrace
