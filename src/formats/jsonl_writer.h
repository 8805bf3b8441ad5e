#pragma once

#include <memory>

#include "formats/file_writer.h"

namespace millrace {

/// A file of JSON objects, one a line.
Result<std::unique_ptr<FileWriter>> MakeJsonlWriter(const FileFormat& format,
                                                    const SchemaPtr& schema, ByteSink& sink);

}  // namespace millrace
