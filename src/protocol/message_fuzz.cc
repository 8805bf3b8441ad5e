// Whatever an outside connector or a user's file says: the parsers answer with a value or with an
// error, and what they took, written and read again, is the same.
#include <cstdint>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/check.h"
#include "protocol/catalog.h"
#include "protocol/message.h"
#include "protocol/state.h"

namespace millrace {
namespace {

template <typename Parse>
void RoundTrip(const Json& json, Parse parse) {
  const auto first = parse(json);
  if (!first.ok()) {
    MR_CHECK(!first.status().ToString().empty(), "a refusal says why");
    return;
  }
  const Json written = ToJson(*first);
  const auto second = parse(written);
  MR_CHECK(second.ok(), "what was written can be read");
  MR_CHECK(ToJson(*second) == written, "and means the same");
}

void ParseEverything(const Json& json) {
  RoundTrip(json, [](const Json& j) { return CatalogFromJson(j); });
  RoundTrip(json, [](const Json& j) { return ConfiguredCatalogFromJson(j); });
  RoundTrip(json, [](const Json& j) { return StateFromJson(j); });
  RoundTrip(json, [](const Json& j) { return StateMessageFromJson(j); });
  RoundTrip(json, [](const Json& j) { return StreamDescriptorFromJson(j); });
}

}  // namespace
}  // namespace millrace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto json = millrace::Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_discarded()) millrace::ParseEverything(json);
  return 0;
}
