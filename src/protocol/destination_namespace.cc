#include "protocol/destination_namespace.h"

#include <string_view>

namespace millrace {

StreamDescriptor DestinationByFormat(const StreamDescriptor& stream, const std::string& prefix,
                                     std::string format) {
  constexpr std::string_view kSourceNamespace = "${SOURCE_NAMESPACE}";
  const std::string space = stream.name_space.value_or("");
  for (size_t at = 0; (at = format.find(kSourceNamespace, at)) != std::string::npos;
       at += space.size()) {
    format.replace(at, kSourceNamespace.size(), space);
  }
  StreamDescriptor destination{prefix + stream.name, std::nullopt};
  if (!format.empty()) destination.name_space = std::move(format);
  return destination;
}

}  // namespace millrace
