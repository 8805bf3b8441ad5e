#pragma once

#include <memory>
#include <string_view>

#include "declarative/jinja/py_value.h"

namespace millrace {

/// A record on its way through a stream: a dict that the stream owns alone, so transformations
/// change it in place. Or, where nothing looks into it, still a piece of the reply's text.
struct DeclarativeRecord {
  PyValue data;
  /// What file it stands for (file_uploader): None, or a dict with staging_file_url,
  /// source_file_relative_path, file_size_bytes.
  PyValue file_reference;
  /// The record as JSON when nobody made values of it: `data` then has only what the stream's
  /// cursor looks at (see RecordSelector::SelectRaw and WholeRecord). Else empty.
  std::string_view text;
  std::shared_ptr<const void> page;  ///< keeps `text` alive
};

}  // namespace millrace
