#include "protocol/json_field.h"

#include <nlohmann/json.hpp>

namespace millrace {

JsonValue::JsonValue() : value_(std::make_shared<const Json>(Json::object())) {}
JsonValue::JsonValue(Json value) : value_(std::make_shared<const Json>(std::move(value))) {}

}  // namespace millrace
