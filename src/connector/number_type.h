#pragma once

#include <arrow/extension_type.h>

#include <memory>
#include <string>

namespace millrace {

/// A number whose precision nobody declared (PostgreSQL's plain numeric, JSON's number): canonical
/// decimal text, exact. Canonical: "-12.5", no exponent, no leading zero but one before the point,
/// no trailing zero after it, no "-0". Storage: utf8. Destinations decide what becomes of it
/// (numeric in SQL; see formats/ for files).
class NumberType : public arrow::ExtensionType {
 public:
  NumberType();

  std::string extension_name() const override { return "millrace.number"; }
  bool ExtensionEquals(const arrow::ExtensionType& other) const override;
  std::shared_ptr<arrow::Array> MakeArray(std::shared_ptr<arrow::ArrayData> data) const override;
  arrow::Result<std::shared_ptr<arrow::DataType>> Deserialize(
      std::shared_ptr<arrow::DataType> storage_type, const std::string& serialized) const override;
  std::string Serialize() const override { return ""; }
};

/// The one instance.
const std::shared_ptr<arrow::DataType>& number();
bool IsNumber(const arrow::DataType& type);

/// Arrow's canonical JSON extension over utf8: untyped JSON inside, a string column in files.
const std::shared_ptr<arrow::DataType>& json_text();
bool IsJsonText(const arrow::DataType& type);

}  // namespace millrace
