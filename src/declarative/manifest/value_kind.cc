#include "declarative/manifest/value_kind.h"

namespace millrace {

std::string_view ValueKind(const PyValue& value) {
  switch (value.kind()) {
    case PyValue::Kind::kNone:
      return "null";
    case PyValue::Kind::kBool:
      return "true or false";
    case PyValue::Kind::kInt:
    case PyValue::Kind::kBigInt:
      return "a whole number";
    case PyValue::Kind::kFloat:
      return "a number";
    case PyValue::Kind::kStr:
      return "text";
    case PyValue::Kind::kBytes:
      return "binary data";
    case PyValue::Kind::kList:
    case PyValue::Kind::kTuple:
      return "a list";
    case PyValue::Kind::kDict:
    case PyValue::Kind::kSlice:
      return "a mapping";
    case PyValue::Kind::kSet:
      return "a set";
    case PyValue::Kind::kDateTime:
      return "a timestamp";
    case PyValue::Kind::kDate:
      return "a date";
    default:
      return "a value of another kind";
  }
}

}  // namespace millrace
