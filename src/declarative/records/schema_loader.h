#pragma once

#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "declarative/jinja/py_value.h"
#include "declarative/manifest/component.h"
#include "declarative/manifest/engine_environment.h"
#include "declarative/records/record_extractor.h"

namespace millrace {

/// Knows a stream's JSON schema, or finds it out. Const; whoever owns it keeps what it said.
class SchemaLoader {
 public:
  virtual ~SchemaLoader() = default;
  /// The schema as `discover` prints it: a dict. May ask the API (DynamicSchemaLoader).
  virtual Result<PyValue> JsonSchema(std::stop_token stop) const = 0;
};

/// What schema loaders need besides the environment.
struct SchemaLoaderParts {
  /// The connector's package, where JsonFileSchemaLoader looks for files; empty: there is none.
  std::filesystem::path package_folder;
  MakeOtherReader make_reader;  ///< for DynamicSchemaLoader
};

/// Of a stream's `schema_loader`: InlineSchemaLoader, JsonFileSchemaLoader, DynamicSchemaLoader, or
/// a list of them (of a property the first one that has it counts). Missing: the package's
/// schemas/NAME.json, or {} where there is none. Config errors name the manifest's line.
Result<std::unique_ptr<SchemaLoader>> MakeSchemaLoader(const Component& stream,
                                                       const EngineEnvironment& environment,
                                                       const SchemaLoaderParts& parts);

}  // namespace millrace
