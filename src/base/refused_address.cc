#include "base/refused_address.h"

#include <utility>

namespace millrace {
namespace {

thread_local std::string refused;

}  // namespace

void NoteRefusedAddress(std::string address) { refused = std::move(address); }

void ForgetRefusedAddress() { refused.clear(); }

Status ExplainRefusedAddress(Status failure, const std::string& to) {
  if (refused.empty()) return failure;
  return ConfigError(
      "connecting to {}: {} is a link-local address or a cloud's metadata service; this server "
      "lets "
      "no connector reach it",
      to, std::exchange(refused, {}));
}

}  // namespace millrace
