#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "declarative/manifest/component.h"
#include "declarative/manifest/engine_environment.h"
#include "declarative/records/record_context.h"

namespace millrace {

/// Changes records. Const; from several threads at once.
class RecordTransformation {
 public:
  virtual ~RecordTransformation() = default;
  /// Changes `record`, a dict that nobody else looks at, in place; the context shows the same one.
  /// PyErrors where Python would raise; the record may then be changed in part.
  virtual Status Transform(const PyValue& record, RecordContext& context) const = 0;
};

using RecordTransformations = std::vector<std::unique_ptr<const RecordTransformation>>;

/// AddFields, RemoveFields, KeysToLower, KeysToSnakeCase, KeysReplace, FlattenFields or
/// DpathFlattenFields. Config errors name the manifest's line.
Result<std::unique_ptr<const RecordTransformation>> MakeRecordTransformation(
    const Component& component, const EngineEnvironment& environment);
/// Those of the component's field, one or a list, in order.
Result<RecordTransformations> MakeRecordTransformations(const Component& parent,
                                                        std::string_view field,
                                                        const EngineEnvironment& environment);

}  // namespace millrace
