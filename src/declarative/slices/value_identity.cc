#include "declarative/slices/value_identity.h"

#include <cmath>

#include "declarative/jinja/py_json.h"
#include "declarative/jinja/py_operators.h"

namespace millrace {

Result<std::string> PartitionKey(const PyValue& partition) {
  std::string key;
  MR_RETURN_IF_ERROR(AppendPyJson(partition, {.spaces = false, .sort_keys = true}, &key));
  return key;
}

Result<std::string> SetKey(const PyValue& value) {
  MR_RETURN_IF_ERROR(PyHashable(value));
  std::string key;
  if (value.is_bool()) {
    key = std::to_string(value.as_int());
  } else if (value.is_float() && std::isfinite(value.as_float()) &&
             std::trunc(value.as_float()) == value.as_float()) {
    AppendPyRepr(PyIntFromFloat(value.as_float()), &key);
  } else if (value.is_tuple()) {
    for (const PyValue& item : value.items()) {
      MR_ASSIGN_OR_RETURN(const std::string part, SetKey(item));
      key += (key.empty() ? "(" : ",") + part;
    }
  } else {
    AppendPyRepr(value, &key);
  }
  return key;
}

}  // namespace millrace
