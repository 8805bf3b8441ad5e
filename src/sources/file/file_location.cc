#include "sources/file/file_location.h"

#include <string_view>

namespace millrace {

Result<std::unique_ptr<FileInput>> OpenLocation(const FileConfig& config) {
  if (config.provider.storage == "local") {
    std::string_view path = config.url;
    if (path.starts_with("file://")) path.remove_prefix(7);
    return MakeLocalInput(std::string(path));
  }
  return ConfigError("provider.storage: '{}' comes later", config.provider.storage);
}

}  // namespace millrace
