#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "connector/source.h"
#include "files/row_fitter.h"
#include "files/stream_file_type.h"

namespace millrace {

/// One entry of `streams` in the configuration of Airbyte's file-based sources. A plain value.
struct FileStreamConfig {
  std::string name;
  std::vector<std::string> globs = {"**"};
  std::string legacy_prefix;  ///< keys begin with it, whatever the globs say
  ValidationPolicy policy = ValidationPolicy::kEmit;
  SchemaPtr input_schema;  ///< null: inferred
  bool schemaless = false;
  std::string primary_key;  ///< empty: none
  int days_if_history_is_full = 3;
  int recent_files = 0;  ///< how many to infer from; 0: as many as usual
  StreamFileFormat format;
};

/// The whole list. Config errors name the stream and the field; formats and options that are not
/// there are refused by name.
Result<std::vector<FileStreamConfig>> FileStreamsFromJson(const Json& streams);

/// {"column": "type"} in text, Airbyte's input_schema: the columns it declares.
Result<SchemaPtr> InputSchemaFromText(const std::string& text);

/// A `format` object, CSV's options among them.
Result<StreamFileFormat> StreamFileFormatFromJson(const Json& format);

}  // namespace millrace
