#include "sources/faker/faker_config.h"

#include <limits>
#include <nlohmann/json.hpp>

namespace millrace {
namespace {

struct IntegerField {
  const char* name;
  int64_t FakerConfig::*target;
  int64_t least;
};

constexpr IntegerField kIntegers[] = {
    {"count", &FakerConfig::count, 1},
    {"seed", &FakerConfig::seed, std::numeric_limits<int64_t>::min()},
    {"records_per_slice", &FakerConfig::records_per_slice, 1},
    {"parallelism", &FakerConfig::parallelism, 1},
};

// Far above any use, far below where arithmetic with ids and milliseconds overflows.
constexpr int64_t kLargest = 1'000'000'000'000;

}  // namespace

Result<FakerConfig> FakerConfig::Parse(const Json& config) {
  if (!config.is_object()) return ConfigError("source-faker: the configuration must be an object");
  FakerConfig parsed;
  for (const IntegerField& field : kIntegers) {
    const auto value = config.find(field.name);
    if (value == config.end() || value->is_null()) continue;
    if (!value->is_number_integer()) {
      return ConfigError("source-faker: {} must be a whole number, not {}", field.name,
                         value->dump());
    }
    const bool huge =
        value->is_number_unsigned() && value->get<uint64_t>() > static_cast<uint64_t>(kLargest);
    const int64_t number = huge ? kLargest + 1 : value->get<int64_t>();
    if (number < field.least || number > kLargest) {
      return ConfigError("source-faker: {} is {}; it must be from {} to {}", field.name,
                         value->dump(), field.least, kLargest);
    }
    parsed.*field.target = number;
  }
  const auto updated = config.find("always_updated");
  if (updated != config.end() && !updated->is_null()) {
    if (!updated->is_boolean()) {
      return ConfigError("source-faker: always_updated must be true or false, not {}",
                         updated->dump());
    }
    parsed.always_updated = updated->get<bool>();
  }
  return parsed;
}

}  // namespace millrace
