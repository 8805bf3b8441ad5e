#pragma once

#include <memory>
#include <string>

#include "formats/file_writer.h"

namespace millrace {

/// An Avro object container file, as Airbyte's object-store destinations write it: a record with a
/// nullable field per column; times of day and timestamps in microseconds (`_airbyte_extracted_at`
/// in milliseconds), decimals exact, untyped JSON as text. Holds a block in the making.
///
/// Avro allows letters, digits and _ in names: any other character of a column's name becomes _,
/// and a name that is then taken gets a number.
Result<std::unique_ptr<FileWriter>> MakeAvroWriter(const FileFormat& format,
                                                   const SchemaPtr& schema, ByteSink& sink);

/// The Avro schema that the writer gives to rows of `schema`, as JSON text.
Result<std::string> AvroSchemaText(const SchemaPtr& schema);

}  // namespace millrace
