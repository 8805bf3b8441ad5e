#pragma once

#include "declarative/records/record_transformation.h"

namespace millrace {

// The makers of the transformations; each stands in a file of its own.

using MakeTransformation = Result<std::unique_ptr<const RecordTransformation>> (*)(
    const Component& component, const EngineEnvironment& environment);

/// Fields whose values are templates; objects and lists on the way to them are made.
Result<std::unique_ptr<const RecordTransformation>> MakeAddFields(
    const Component& component, const EngineEnvironment& environment);
/// Removes what matches its pointers; with a condition: every leaf for which it is true, whatever
/// the pointers say.
Result<std::unique_ptr<const RecordTransformation>> MakeRemoveFields(
    const Component& component, const EngineEnvironment& environment);
/// Keys of the record itself, in small letters.
Result<std::unique_ptr<const RecordTransformation>> MakeKeysToLower(
    const Component& component, const EngineEnvironment& environment);
/// Keys of the record and of objects in it as snake_case in ASCII.
Result<std::unique_ptr<const RecordTransformation>> MakeKeysToSnakeCase(
    const Component& component, const EngineEnvironment& environment);
/// A piece of text in the keys of the record and of objects in it is replaced.
Result<std::unique_ptr<const RecordTransformation>> MakeKeysReplace(
    const Component& component, const EngineEnvironment& environment);
/// Every leaf becomes a field of the record.
Result<std::unique_ptr<const RecordTransformation>> MakeFlattenFields(
    const Component& component, const EngineEnvironment& environment);
/// The members of one object in the record become the record's.
Result<std::unique_ptr<const RecordTransformation>> MakeDpathFlattenFields(
    const Component& component, const EngineEnvironment& environment);

}  // namespace millrace
