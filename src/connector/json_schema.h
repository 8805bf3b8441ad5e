#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string_view>

#include "base/json.h"
#include "connector/source.h"

namespace millrace {

/// Airbyte's JSON schema of one column's Arrow type, nullable: {"type": ["null", "integer"]} with
/// format and airbyte_type as the protocol defines them. int → integer; decimal with scale 0 →
/// integer; other decimals, floats, number() → number; timestamp, date, time with format and
/// airbyte_type; list → array with items; struct → object with properties; json_text() → object
/// without properties (anything); binary → string with contentEncoding base64; else string.
Json JsonSchemaOf(const arrow::DataType& type);
/// {"type": "object", "properties": {…}} of a whole table.
Json JsonSchemaOf(const arrow::Schema& schema);

/// The metadata key of a field that arrives in a plainer type (JSON text) than what is known of it:
/// its value is the JSON schema that a catalog shall declare.
inline constexpr std::string_view kDeclaredSchema = "millrace.json_schema";
/// `field`, declared as `type`: JsonSchemaOf a schema says so.
std::shared_ptr<arrow::Field> DeclareSchema(const std::shared_ptr<arrow::Field>& field,
                                            const arrow::DataType& type);

/// The Arrow type for a JSON schema: the reverse. integer → int64; number → number(); strings by
/// format and airbyte_type; arrays of a known item type → list; objects with properties → struct;
/// what allows several types, or says nothing → json_text(). Every field is nullable.
std::shared_ptr<arrow::DataType> ArrowTypeOf(const Json& json_schema);
SchemaPtr ArrowSchemaOf(const Json& json_schema);

}  // namespace millrace
