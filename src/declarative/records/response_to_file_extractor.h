#pragma once

#include "declarative/records/record_extractor.h"

namespace millrace {

/// The rows of a reply that is CSV text, maybe compressed, as records of text; of large downloads.
/// An empty cell, and what pandas takes for missing, is None.
Result<std::unique_ptr<RecordExtractor>> MakeResponseToFileExtractor(
    const Component& component, const EngineEnvironment& environment);

}  // namespace millrace
