#include "destinations/local/local_destination.h"

#include <nlohmann/json.hpp>

#include "clients/object_store/local_store.h"
#include "lake/lake_config.h"
#include "lake/lake_destination.h"

namespace millrace {

Result<std::unique_ptr<Destination>> MakeLocalDestination(const Json& config) {
  MR_ASSIGN_OR_RETURN(const std::string path, RequiredText(config, "path"));
  MR_ASSIGN_OR_RETURN(LakeConfig lake, LakeConfigFromJson(config));
  return MakeLakeDestination([path](const std::stop_token&) { return OpenLocalStore(path); },
                             std::move(lake.layout), lake.format, lake.dedup);
}

}  // namespace millrace
