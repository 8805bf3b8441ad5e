#include "sync_world.h"

#include <nlohmann/json.hpp>

#include "attempt/file_state_store.h"
#include "base/file_io.h"
#include "destinations/local/local_destination.h"
#include "killing_ends.h"
#include "scripted_source.h"

namespace millrace::synctest {
namespace {

/// Time stands still: 2025-01-20 10:00:00 UTC.
class FixedClock : public Clock {
 public:
  SteadyTime Now() const override { return SteadyTime(std::chrono::hours(1)); }
  WallTime WallNow() const override { return WallTime(std::chrono::seconds(1737367200)); }
};

const FixedClock kClock;

Result<MetadataMode> ParseMetadata(const std::string& text) {
  if (text == "current") return MetadataMode::kCurrent;
  if (text == "classic") return MetadataMode::kClassic;
  if (text == "none") return MetadataMode::kNone;
  return ConfigError("metadata is current, classic or none");
}

}  // namespace

std::filesystem::path SyncWorld::TableFolder(const StreamDescriptor& stream) const {
  return folder_ / "lake" / stream.name_space.value_or("") / stream.name;
}

Status SyncWorld::SetOption(const std::vector<std::string>& words) {
  if (words.size() != 3) return ConfigError("option KEY VALUE");
  const std::string& value = words[2];
  if (words[1] == "metadata") {
    MR_ASSIGN_OR_RETURN(options_.metadata, ParseMetadata(value));
  } else if (words[1] == "commit") {
    // at each checkpoint, or at the end only
    options_.commit_interval = std::chrono::hours(value == "checkpoints" ? 0 : 1);
  } else if (words[1] == "lanes") {
    options_.writer_lanes = std::stoi(value);
  } else if (words[1] == "format" && value == "jsonl") {
    format_ = Json{{"format_type", "JSONL"},
                   {"flattening", "Root level flattening"},
                   {"compression", {{"compression_type", "No Compression"}}}};
  } else {
    return ConfigError("unknown option {} {}", words[1], value);
  }
  return Status::Ok();
}

Status SyncWorld::AddStream(const std::vector<std::string>& words) {
  if (words.size() < 4) return ConfigError("stream NAME SYNC_MODE DESTINATION_MODE [FIELD …]");
  ConfiguredStream stream;
  stream.stream.descriptor = ParseStream(words[1]);
  stream.destination = stream.stream.descriptor;
  const bool full = words[2] == "full_refresh";
  if (!full && words[2] != "incremental") return ConfigError("unknown sync mode {}", words[2]);
  const bool overwrite = words[3] == "overwrite";
  if (!overwrite && words[3] != "append") return ConfigError("unknown mode {}", words[3]);
  stream.sync_mode = full ? SyncMode::kFullRefresh : SyncMode::kIncremental;
  stream.destination_sync_mode =
      overwrite ? DestinationSyncMode::kOverwrite : DestinationSyncMode::kAppend;
  if (words.size() > 4) {
    if (words[4] != "selected") return ConfigError("{} stands where selected may", words[4]);
    stream.selected_fields.assign(words.begin() + 5, words.end());
  }
  catalog_.streams.push_back(std::move(stream));
  return Status::Ok();
}

void SyncWorld::SetScript(std::vector<Step> script, bool continues) {
  if (!continues) script_.clear();
  script_.insert(script_.end(), std::make_move_iterator(script.begin()),
                 std::make_move_iterator(script.end()));
}

Result<ConfiguredCatalog> SyncWorld::BeginAttempt(int64_t* attempt) {
  Json counters{{"attempt", 0}, {"clean", true}, {"generation", 0}};
  if (const auto text = ReadFile(folder_ / "counters.json"); text.ok()) {
    counters = Json::parse(*text);
  }
  *attempt = counters["attempt"].get<int64_t>() + 1;
  const bool clean = counters["clean"].get<bool>();
  ConfiguredCatalog catalog = catalog_;
  // One count for all streams is enough here: it grows when any of them needs a new generation.
  int64_t generation = counters["generation"].get<int64_t>();
  bool grows = generation == 0;
  for (const ConfiguredStream& stream : catalog.streams) {
    const bool overwrite = stream.destination_sync_mode == DestinationSyncMode::kOverwrite;
    grows = grows || overwrite || (stream.sync_mode == SyncMode::kFullRefresh && !clean);
  }
  if (grows) ++generation;
  for (ConfiguredStream& stream : catalog.streams) {
    const bool overwrite = stream.destination_sync_mode == DestinationSyncMode::kOverwrite;
    stream.generation_id = stream.sync_mode == SyncMode::kFullRefresh ? generation : 1;
    stream.minimum_generation_id = overwrite ? stream.generation_id : 0;
    stream.sync_id = *attempt;
  }
  counters = Json{{"attempt", *attempt}, {"clean", false}, {"generation", generation}};
  MR_RETURN_IF_ERROR(WriteFileAtomically(folder_ / "counters.json", counters.dump()));
  return catalog;
}

Status SyncWorld::EndAttempt(bool clean) {
  MR_ASSIGN_OR_RETURN(const std::string text, ReadFile(folder_ / "counters.json"));
  Json counters = Json::parse(text);
  counters["clean"] = clean;
  return WriteFileAtomically(folder_ / "counters.json", counters.dump());
}

Result<SyncSummary> SyncWorld::Sync(std::optional<KillPoint> kill) {
  int64_t attempt = 0;
  MR_ASSIGN_OR_RETURN(const ConfiguredCatalog catalog, BeginAttempt(&attempt));
  Json config{{"path", (folder_ / "lake").string()},
              {"s3_path_format", "${NAMESPACE}/${STREAM_NAME}/"}};
  if (!format_->empty()) config["format"] = *format_;
  MR_ASSIGN_OR_RETURN(const auto local, MakeLocalDestination(config));
  FileStateStore file(folder_ / "state.json");
  Killer killer(kill);
  KillingDestination destination(*local, killer);
  KillingStateStore states(file, killer);

  std::stop_source early;
  std::stop_source cancel;
  ScriptedSource source(script_, {[&] { early.request_stop(); }, [&] { cancel.request_stop(); }});
  SyncOptions options = options_;
  options.connection = "golden";
  options.attempt = attempt;
  options.fencing_token = attempt;
  options.clock = &kClock;
  options.finish_early = early.get_token();
  auto summary = RunSync(source, destination, states, catalog, options, cancel.get_token());
  acknowledged_ = source.acknowledged();
  MR_RETURN_IF_ERROR(EndAttempt(summary.ok() && summary->outcome == SyncOutcome::kSucceeded));
  return summary;
}

Result<std::vector<std::string>> SyncWorld::SavedStates() const {
  FileStateStore file(folder_ / "state.json");
  MR_ASSIGN_OR_RETURN(const auto saved, file.Peek());
  if (!saved) return std::vector<std::string>{"(none)"};
  std::vector<std::string> lines;
  for (const Json& message : ToJson(saved->state)) lines.push_back(message.dump());
  return lines;
}

}  // namespace millrace::synctest
