#include "connector/number_type.h"

#include <arrow/array.h>
#include <arrow/extension/json.h>
#include <arrow/type.h>

namespace millrace {

NumberType::NumberType() : arrow::ExtensionType(arrow::utf8()) {}

bool NumberType::ExtensionEquals(const arrow::ExtensionType& other) const {
  return other.extension_name() == extension_name();
}

std::shared_ptr<arrow::Array> NumberType::MakeArray(std::shared_ptr<arrow::ArrayData> data) const {
  return std::make_shared<arrow::ExtensionArray>(std::move(data));
}

arrow::Result<std::shared_ptr<arrow::DataType>> NumberType::Deserialize(
    std::shared_ptr<arrow::DataType> storage_type, const std::string&) const {
  if (!storage_type->Equals(*arrow::utf8())) {
    return arrow::Status::Invalid("millrace.number is stored as utf8");
  }
  return number();
}

const std::shared_ptr<arrow::DataType>& number() {
  static const std::shared_ptr<arrow::DataType> type = std::make_shared<NumberType>();
  return type;
}

bool IsNumber(const arrow::DataType& type) {
  return type.id() == arrow::Type::EXTENSION &&
         static_cast<const arrow::ExtensionType&>(type).extension_name() == "millrace.number";
}

const std::shared_ptr<arrow::DataType>& json_text() {
  static const std::shared_ptr<arrow::DataType> type = arrow::extension::json();
  return type;
}

bool IsJsonText(const arrow::DataType& type) {
  return type.id() == arrow::Type::EXTENSION &&
         static_cast<const arrow::ExtensionType&>(type).extension_name() == "arrow.json";
}

}  // namespace millrace
