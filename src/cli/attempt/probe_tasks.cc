#include <nlohmann/json.hpp>

#include "cli/attempt/attempt_ends.h"
#include "cli/attempt/channel_failure.h"
#include "cli/attempt/channel_tasks.h"
#include "cli/attempt/config_keeper.h"

namespace millrace {
namespace {

int TellResult(AttemptChannel& channel, Json result) {
  return channel.TellLast({{"type", "RESULT"}, {"result", std::move(result)}}).ok() ? 0 : 1;
}

}  // namespace

int RunSpecTask(const StartDocument& start, AttemptChannel& channel) {
  auto spec = AskSpecification(start.source ? *start.source : *start.destination);
  if (!spec.ok()) return TellFailure(channel, spec.status(), /*before_contact=*/false);
  return TellResult(channel, *std::move(spec));
}

int RunCheckTask(const StartDocument& start, AttemptChannel& channel) {
  Status status;
  if (start.source) {
    const auto source = MakeSource(*start.source, ParentKeeps(channel));
    if (!source.ok()) return TellFailure(channel, source.status(), /*before_contact=*/true);
    status = (*source)->Check();
  } else {
    const auto destination = MakeDestination(*start.destination, ParentKeeps(channel));
    if (!destination.ok()) {
      return TellFailure(channel, destination.status(), /*before_contact=*/true);
    }
    status = (*destination)->Check();
  }
  if (!status.ok()) return TellFailure(channel, status, /*before_contact=*/false);
  return TellResult(channel, Json::object());
}

int RunDiscoverTask(const StartDocument& start, AttemptChannel& channel) {
  const auto source = MakeSource(*start.source, ParentKeeps(channel));
  if (!source.ok()) return TellFailure(channel, source.status(), /*before_contact=*/true);
  const auto catalog = (*source)->Discover();
  if (!catalog.ok()) return TellFailure(channel, catalog.status(), /*before_contact=*/false);
  return TellResult(channel, ToJson(*catalog));
}

}  // namespace millrace
