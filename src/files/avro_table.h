#pragma once

#include <memory>

#include "files/file_input.h"
#include "files/file_table.h"

namespace millrace {

/// An Avro object container file as a table: one piece, read from front to back. `input` outlives
/// it. `double_as_string`: doubles become text, digit for digit.
std::unique_ptr<FileTable> MakeAvroTable(FileInput& input, bool double_as_string);

}  // namespace millrace
