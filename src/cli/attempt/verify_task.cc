#include <nlohmann/json.hpp>

#include "attempt/error_json.h"
#include "base/log.h"
#include "cli/attempt/attempt_ends.h"
#include "cli/attempt/catalog_request.h"
#include "cli/attempt/channel_failure.h"
#include "cli/attempt/channel_tasks.h"
#include "cli/attempt/config_keeper.h"
#include "connector/readable_destination.h"
#include "verify/stream_verifier.h"

namespace millrace {
namespace {

/// The cursor in a stream's saved state, by Airbyte's database sources (`cursor`) or under the
/// cursor's own name, as API sources have it.
std::optional<std::string> SavedCursor(const State& saved, const ConfiguredStream& stream) {
  const Json* state = saved.Find(stream.descriptor());
  if (state == nullptr || !state->is_object() || stream.cursor_field.empty()) return std::nullopt;
  for (const std::string& name : {std::string("cursor"), stream.cursor_field.front()}) {
    const auto found = state->find(name);
    if (found == state->end() || found->is_null()) continue;
    return found->is_string() ? found->get<std::string>() : found->dump();
  }
  return std::nullopt;
}

Json StreamJson(const StreamVerdict& verdict) {
  Json json = ToJson(verdict);
  if (verdict.error) json["error"] = ErrorToJson(*verdict.error);
  return json;
}

Result<Json> VerifyStreams(const StartDocument& start, const KeepConfig& keep_config,
                           ReadableDestination& destination, std::stop_token stop) {
  const auto make_source = [&] { return MakeSource(*start.source, keep_config); };
  Json streams = Json::array();
  for (const ConfiguredStream& stream : start.catalog->streams) {
    Log(LogLevel::kInfo, "comparing {}", stream.descriptor().ToString());
    StreamVerifier verifier(make_source, destination, stream,
                            SavedCursor(start.saved.state, stream), stop);
    MR_ASSIGN_OR_RETURN(const StreamVerdict verdict, verifier.Run());
    streams.push_back(StreamJson(verdict));
  }
  return Json{{"streams", std::move(streams)}};
}

}  // namespace

int RunVerifyTask(const StartDocument& document, AttemptChannel& channel, AttemptStop& stop) {
  StartDocument start = document;
  // Each stream has a source of its own, made of what the one before it left.
  const KeepConfig keep_config = [&start, keep = ParentKeeps(channel)](const ConfigChange& change) {
    MR_RETURN_IF_ERROR(keep(change));
    start.source->config = change.config;
    start.source->program->config_fits = true;
    return Status::Ok();
  };
  const auto source = MakeSource(*start.source, keep_config);
  if (!source.ok()) return TellFailure(channel, source.status(), /*before_contact=*/true);
  const auto destination = MakeDestination(*start.destination);
  if (!destination.ok()) {
    return TellFailure(channel, destination.status(), /*before_contact=*/true);
  }
  auto* readable = dynamic_cast<ReadableDestination*>(destination->get());
  if (readable == nullptr) {
    return TellFailure(channel,
                       ConfigError("verify can't read back what {} wrote", start.destination->name),
                       /*before_contact=*/true);
  }
  const Status asked = AskForCatalog(**source, channel, &start);
  if (!asked.ok()) return TellFailure(channel, asked, /*before_contact=*/false);
  auto verified = VerifyStreams(start, keep_config, *readable, stop.finish_token());
  if (!verified.ok()) return TellFailure(channel, verified.status(), /*before_contact=*/false);
  return channel.TellLast({{"type", "RESULT"}, {"result", *std::move(verified)}}).ok() ? 0 : 1;
}

}  // namespace millrace
