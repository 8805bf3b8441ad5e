#pragma once

#include "declarative/records/record_extractor.h"

namespace millrace {

/// Several extractors over the same page: the records of all of them, or of the first that has any.
Result<std::unique_ptr<RecordExtractor>> MakeCombinedExtractor(const Component& component,
                                                               const EngineEnvironment& environment,
                                                               const MakeOtherReader& make_reader);

}  // namespace millrace
