#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "base/stream_descriptor.h"
#include "cli/connection_file.h"

namespace millrace {

/// True when `argument`, what was given to --stream (NAME or NAMESPACE.NAME), names `stream`.
bool NamesStream(const std::string& argument, const StreamDescriptor& stream);

/// A config error for the first argument that can name none of the streams that the file lists;
/// with the nearest ones. Ok when the file lists none: then only discovery can tell.
Status CheckStreamArguments(const std::vector<std::string>& arguments, const ConnectionFile& file);

}  // namespace millrace
