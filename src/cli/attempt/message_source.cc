#include "cli/attempt/message_source.h"

#include <nlohmann/json.hpp>

#include "external/message_reading.h"

namespace millrace {
namespace {

constexpr int64_t kReadBytes = 1 << 20;
constexpr int64_t kLineBytesMax = 512 << 20;

/// Whoever writes the messages made its mistakes; what else they say is not for a destination.
class InputEvents : public MessageEvents {
 public:
  Status TakeOtherLine(std::string_view, int64_t number, std::string_view fault, bool) override {
    return Fault(number, fmt::format("this is not a message of the Airbyte Protocol: {}", fault));
  }
  Status TakeMessage(const std::string&, const Json&, int64_t) override { return Status::Ok(); }
  void TakeError(Error) override {}
  Status Fault(int64_t number, std::string_view what) override {
    return ConfigError("line {} of the input: {}", number, what);
  }
};

}  // namespace

Result<Catalog> MessageSource::Discover() {
  return SystemError("protocol messages can't be discovered");
}

Status MessageSource::Read(const ConfiguredCatalog& catalog, const State&, SourceOutput& output,
                           std::stop_token stop) {
  InputEvents events;
  MessageReading reading(output, events, kLineBytesMax);
  MR_RETURN_IF_ERROR(reading.Open(catalog));
  std::string chunk(kReadBytes, '\0');
  for (;;) {
    if (stop.stop_requested()) return Status::Canceled();
    MR_ASSIGN_OR_RETURN(const int64_t got, input_->Read(chunk.data(), kReadBytes));
    if (got == 0) return reading.End(std::nullopt);
    MR_RETURN_IF_ERROR(reading.Take(std::string_view(chunk.data(), static_cast<size_t>(got))));
  }
}

}  // namespace millrace
