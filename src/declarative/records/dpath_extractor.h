#pragma once

#include "declarative/records/record_extractor.h"

namespace millrace {

/// The records at a path of each element; those of a list one by one.
Result<std::unique_ptr<RecordExtractor>> MakeDpathExtractor(const Component& component,
                                                            const EngineEnvironment& environment,
                                                            const MakeOtherReader& make_reader);

}  // namespace millrace
