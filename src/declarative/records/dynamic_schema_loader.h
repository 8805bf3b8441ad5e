#pragma once

#include "declarative/records/schema_loader.h"

namespace millrace {

/// The fields of the first record that another retriever reads are the schema.
Result<std::unique_ptr<SchemaLoader>> MakeDynamicSchemaLoader(const Component& component,
                                                              const EngineEnvironment& environment,
                                                              const MakeOtherReader& make_reader);

}  // namespace millrace
