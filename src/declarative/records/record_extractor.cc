#include "declarative/records/record_extractor.h"

#include "declarative/records/combined_extractor.h"
#include "declarative/records/dpath_extractor.h"
#include "declarative/records/response_to_file_extractor.h"

namespace millrace {

Result<std::unique_ptr<RecordExtractor>> MakeRecordExtractor(const Component& component,
                                                             const EngineEnvironment& environment,
                                                             const MakeOtherReader& make_reader) {
  const std::string_view type = component.type();
  if (type == "DpathExtractor") return MakeDpathExtractor(component, environment, make_reader);
  if (type == "CombinedExtractor") {
    return MakeCombinedExtractor(component, environment, make_reader);
  }
  if (type == "ResponseToFileExtractor") return MakeResponseToFileExtractor(component, environment);
  return component.UnknownType("a record extractor");
}

}  // namespace millrace
