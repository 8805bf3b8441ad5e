#include "external/message_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json_parsing.h"
#include "external/short_strings.h"

namespace millrace {
namespace {

/// Messages whose texts mean something to their end.
constexpr std::string_view kWholeTypes[] = {
    "RECORD", "STATE", "CONTROL", "SPEC", "CATALOG", "CONNECTION_STATUS", "DESTINATION_CATALOG"};

}  // namespace

Json ParseMessage(std::string_view line, std::string_view type, const char** fault) {
  constexpr size_t kTextBytesMax = 512 << 10, kLineBytesMax = 1 << 20;
  if (line.size() < kLineBytesMax || std::ranges::find(kWholeTypes, type) != std::end(kWholeTypes))
    return ParseJson(line, {}, fault);
  return ParseJson(WithShortStrings(line, kTextBytesMax), {}, fault);
}

}  // namespace millrace
