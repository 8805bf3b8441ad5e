#pragma once

#include <memory>

#include "formats/file_writer.h"

namespace millrace {

/// A CSV file (RFC 4180 but for its delimiter, CR LF, UTF-8, a header row of one line). Null is an empty cell, an empty text is "".
/// Nested values and untyped JSON are JSON text; binary is base64.
Result<std::unique_ptr<FileWriter>> MakeCsvWriter(const FileFormat& format, const SchemaPtr& schema,
                                                  ByteSink& sink);

}  // namespace millrace
