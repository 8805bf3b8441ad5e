#include "attempt/stream_generations.h"

#include <nlohmann/json.hpp>

namespace millrace {

bool StreamGenerations::IsUnfinished(const StreamDescriptor& stream) const {
  const auto found = generations_.find(stream);
  return found != generations_.end() && !found->second.unfinished.empty();
}

bool StreamGenerations::Assign(ConfiguredStream* stream, RefreshMode refresh, bool retried,
                               const std::string& shape) {
  Generation& generation = generations_[stream->descriptor()];
  const bool refreshed = refresh != RefreshMode::kNone;
  const bool overwrite = stream->destination_sync_mode == DestinationSyncMode::kOverwrite ||
                         stream->destination_sync_mode == DestinationSyncMode::kOverwriteDedup;
  stream->goes_on = stream->goes_on && !refreshed && !shape.empty() && generation.id > 0 &&
                    generation.unfinished == shape && (!overwrite || generation.replacing);
  const bool replace = overwrite || refresh == RefreshMode::kTruncate || generation.replacing;
  const bool read_again = stream->sync_mode == SyncMode::kFullRefresh && retried;
  const bool leaves_one = !generation.unfinished.empty();  // hidden rows that nobody wants any more
  if (!stream->goes_on &&
      (replace || refreshed || read_again || leaves_one || generation.id == 0)) {
    ++generation.id;
  }
  generation.replacing = replace;
  generation.unfinished = shape;
  stream->generation_id = generation.id;
  stream->minimum_generation_id = replace ? generation.id : 0;
  return (replace || refreshed) && !overwrite && !stream->goes_on;
}

bool StreamGenerations::Complete(const StreamDescriptor& stream) {
  const auto found = generations_.find(stream);
  if (found == generations_.end()) return false;
  Generation& generation = found->second;
  if (!generation.replacing && generation.unfinished.empty()) return false;
  generation.replacing = false;
  generation.unfinished.clear();
  return true;
}

void StreamGenerations::Set(const StreamDescriptor& stream, Generation generation) {
  generations_[stream] = std::move(generation);
}

Json ToJson(const StreamGenerations::Generation& generation) {
  Json json{{"generation_id", generation.id}, {"replacing", generation.replacing}};
  if (!generation.unfinished.empty()) json["unfinished"] = generation.unfinished;
  return json;
}

StreamGenerations::Generation GenerationFromJson(const Json& json) {
  return {json.at("generation_id").get<int64_t>(), json.at("replacing").get<bool>(),
          json.value("unfinished", std::string())};
}

}  // namespace millrace
