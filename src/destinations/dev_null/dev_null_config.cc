#include "destinations/dev_null/dev_null_config.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

namespace millrace {
namespace {

using Behavior = DevNullConfig::Behavior;

constexpr double kLogRowsMax = 1000;
/// A day; and more rows than any test has.
constexpr double kMillisMax = 86'400'000;
constexpr double kRecordsMax = 1e15;

std::string TextOf(const Json& json, const char* field) {
  const auto found = json.is_object() ? json.find(field) : json.end();
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

/// A number that must be there, between the two.
Result<double> NumberOf(const Json& json, const char* field, double least, double most) {
  const auto found = json.find(field);
  if (found == json.end() || found->is_null()) return ConfigError("{} is missing", field);
  if (!found->is_number() || found->get<double>() < least || found->get<double>() > most) {
    return ConfigError("{} must be a number from {} to {}", field, least, most);
  }
  return found->get<double>();
}

Result<int64_t> WholeOf(const Json& json, const char* field, double least, double most) {
  MR_ASSIGN_OR_RETURN(const double number, NumberOf(json, field, least, most));
  if (number != std::floor(number)) return ConfigError("{} must be a whole number", field);
  return static_cast<int64_t>(number);
}

Status ReadLogging(const Json& test, DevNullConfig& config) {
  const auto logging = test.find("logging_config");
  if (logging == test.end() || !logging->is_object()) {
    return ConfigError("logging_config is missing");
  }
  MR_ASSIGN_OR_RETURN(config.log_rows_max, WholeOf(*logging, "max_entry_count", 1, kLogRowsMax));
  const std::string type = TextOf(*logging, "logging_type");
  if (type == "FirstN") return Status::Ok();
  if (type == "EveryNth") {
    MR_ASSIGN_OR_RETURN(config.log_every, WholeOf(*logging, "nth_entry_to_log", 1, 1000));
    return Status::Ok();
  }
  if (type != "RandomSampling") {
    return ConfigError("logging_type \"{}\" is not one of FirstN, EveryNth, RandomSampling", type);
  }
  MR_ASSIGN_OR_RETURN(config.log_chance, NumberOf(*logging, "sampling_ratio", 0, 1));
  if (logging->contains("seed") && !logging->at("seed").is_null()) {
    MR_ASSIGN_OR_RETURN(const double seed, NumberOf(*logging, "seed", -kRecordsMax, kRecordsMax));
    config.seed = static_cast<uint64_t>(static_cast<int64_t>(seed));
  }
  return Status::Ok();
}

}  // namespace

Result<DevNullConfig> DevNullConfigFromJson(const Json& config) {
  const auto test = config.is_object() ? config.find("test_destination") : config.end();
  if (test == config.end() || !test->is_object()) return ConfigError("test_destination is missing");
  const std::string type = TextOf(*test, "test_destination_type");
  DevNullConfig parsed;
  Status status;
  if (type == "SILENT") {
    parsed.behavior = Behavior::kSilent;
    parsed.checksum = test->value("checksum", Json()) == Json(true);
  } else if (type == "LOGGING") {
    parsed.behavior = Behavior::kLogging;
    status = ReadLogging(*test, parsed);
  } else if (type == "THROTTLED") {
    parsed.behavior = Behavior::kThrottled;
    const auto millis = WholeOf(*test, "millis_per_record", 0, kMillisMax);
    if (millis.ok()) parsed.per_record = std::chrono::milliseconds(*millis);
    status = millis.status();
  } else if (type == "FAILING") {
    parsed.behavior = Behavior::kFailing;
    const auto records = WholeOf(*test, "num_messages", 0, kRecordsMax);
    if (records.ok()) parsed.records_before_failure = *records;
    status = records.status();
  } else {
    status = ConfigError(
        "test_destination_type \"{}\" is not one of LOGGING, SILENT, THROTTLED, FAILING", type);
  }
  if (!status.ok()) return status.WithContext("test_destination");
  return parsed;
}

}  // namespace millrace
