#include "files/wider_type.h"

#include <arrow/type.h>

#include "connector/number_type.h"

namespace millrace {
namespace {

bool IsNumeric(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::INT64:
    case arrow::Type::DOUBLE:
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256:
      return true;
    default:
      return IsNumber(type);
  }
}

bool IsScalar(const arrow::DataType& type) { return type.num_fields() == 0 && !IsJsonText(type); }

bool IsLocalTime(const arrow::DataType& type) {
  return type.id() == arrow::Type::TIMESTAMP &&
         static_cast<const arrow::TimestampType&>(type).timezone().empty();
}

arrow::FieldVector JoinFields(const arrow::FieldVector& a, const arrow::FieldVector& b) {
  arrow::FieldVector joined = a;
  for (const auto& field : b) {
    bool known = false;
    for (auto& mine : joined) {
      if (mine->name() != field->name()) continue;
      mine = arrow::field(mine->name(), WiderType(mine->type(), field->type()));
      known = true;
      break;
    }
    if (!known) joined.push_back(arrow::field(field->name(), field->type()));
  }
  return joined;
}

}  // namespace

std::shared_ptr<arrow::DataType> WiderType(const std::shared_ptr<arrow::DataType>& a,
                                           const std::shared_ptr<arrow::DataType>& b) {
  if (a->Equals(*b)) return a;
  if (a->id() == arrow::Type::NA) return b;
  if (b->id() == arrow::Type::NA) return a;
  if (IsNumeric(*a) && IsNumeric(*b)) return number();
  if (a->id() == arrow::Type::LIST && b->id() == arrow::Type::LIST) {
    return arrow::list(WiderType(a->field(0)->type(), b->field(0)->type()));
  }
  if (a->id() == arrow::Type::STRUCT && b->id() == arrow::Type::STRUCT) {
    return arrow::struct_(JoinFields(a->fields(), b->fields()));
  }
  if (IsLocalTime(*a) && b->id() == arrow::Type::DATE32) return a;
  if (IsLocalTime(*b) && a->id() == arrow::Type::DATE32) return b;
  if (IsScalar(*a) && IsScalar(*b)) return arrow::utf8();
  return json_text();
}

SchemaPtr JoinSchemas(const SchemaPtr& a, const SchemaPtr& b) {
  return arrow::schema(JoinFields(a->fields(), b->fields()));
}

}  // namespace millrace
