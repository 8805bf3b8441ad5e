#include "destinations/local_json/local_json_destination.h"

#include "lake/lake_config.h"
#include "lake/raw_file_destination.h"

namespace millrace {

Result<std::unique_ptr<Destination>> MakeLocalJsonDestination(const Json& config) {
  MR_ASSIGN_OR_RETURN(const std::string path, RequiredText(config, "destination_path"));
  FileFormat format;
  format.type = FileFormat::Type::kJsonl;
  format.codec = FileFormat::Codec::kUncompressed;
  return MakeRawFileDestination(path, format);
}

}  // namespace millrace
