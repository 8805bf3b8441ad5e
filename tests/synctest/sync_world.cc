#include "sync_world.h"

#include <nlohmann/json.hpp>

#include "attempt/file_state_store.h"
#include "base/file_io.h"
#include "cli/generation_plan.h"
#include "connector/json_schema.h"
#include "killing_ends.h"
#include "scripted_source.h"
#include "transform/stream_outputs.h"

namespace millrace::synctest {
namespace {

/// Time stands still: 2025-01-20 10:00:00 UTC.
class FixedClock : public Clock {
 public:
  SteadyTime Now() const override { return SteadyTime(std::chrono::hours(1)); }
  WallTime WallNow() const override { return WallTime(std::chrono::seconds(1737367200)); }
};

const FixedClock kClock;

const std::map<std::string, SyncMode> kSyncModes = {
    {"full_refresh", SyncMode::kFullRefresh},
    {"incremental", SyncMode::kIncremental},
};
const std::map<std::string, DestinationSyncMode> kDestinationModes = {
    {"append", DestinationSyncMode::kAppend},
    {"overwrite", DestinationSyncMode::kOverwrite},
    {"append_dedup", DestinationSyncMode::kAppendDedup},
    {"overwrite_dedup", DestinationSyncMode::kOverwriteDedup},
};

Result<MetadataMode> ParseMetadata(const std::string& text) {
  if (text == "current") return MetadataMode::kCurrent;
  if (text == "classic") return MetadataMode::kClassic;
  if (text == "none") return MetadataMode::kNone;
  return ConfigError("metadata is current, classic or none");
}

}  // namespace

Result<std::unique_ptr<SyncWorld>> SyncWorld::Open(const std::string& place,
                                                   std::filesystem::path folder) {
  std::filesystem::create_directories(folder);
  MR_ASSIGN_OR_RETURN(auto tables, OpenPlace(place, folder));
  return std::unique_ptr<SyncWorld>(new SyncWorld(std::move(folder), std::move(tables)));
}

Status SyncWorld::SetOption(const std::vector<std::string>& words) {
  if (words.size() != 3) return ConfigError("option KEY VALUE");
  const std::string& value = words[2];
  if (words[1] == "metadata") {
    MR_ASSIGN_OR_RETURN(options_.metadata, ParseMetadata(value));
  } else if (words[1] == "commit") {
    // at each checkpoint, or at the end only
    options_.commit_interval = std::chrono::hours(value == "checkpoints" ? 0 : 1);
  } else if (words[1] == "normalization") {
    options_.normalization.basic = value == "basic";
  } else if (words[1] == "raw_tables") {
    options_.normalization.raw_tables = value == "true";
  } else if (words[1] == "lanes") {
    options_.writer_lanes = std::stoi(value);
  } else if (words[1] == "format" && value == "jsonl") {
    format_ = Json{{"format_type", "JSONL"},
                   {"flattening", "Root level flattening"},
                   {"compression", {{"compression_type", "No Compression"}}}};
  } else if (words[1] == "deletes" && (value == "hard" || value == "soft")) {
    deletion_ = value == "hard" ? "Hard delete" : "Soft delete";
  } else {
    return ConfigError("unknown option {} {}", words[1], value);
  }
  return Status::Ok();
}

Status SyncWorld::AddStream(const std::vector<std::string>& words) {
  if (words.size() < 4) return ConfigError("stream NAME SYNC_MODE DESTINATION_MODE [OPTION …]");
  ConfiguredStream stream;
  stream.stream.descriptor = ParseStream(words[1]);
  stream.destination = stream.stream.descriptor;
  if (!kSyncModes.contains(words[2])) return ConfigError("unknown sync mode {}", words[2]);
  if (!kDestinationModes.contains(words[3])) return ConfigError("unknown mode {}", words[3]);
  stream.sync_mode = kSyncModes.at(words[2]);
  stream.destination_sync_mode = kDestinationModes.at(words[3]);
  // Without a cursor that the user chose, arrival decides.
  stream.stream.source_defined_cursor = true;
  for (size_t i = 4; i < words.size(); ++i) {
    if (words[i] == "selected") {
      stream.selected_fields.assign(words.begin() + static_cast<ptrdiff_t>(i) + 1, words.end());
      break;
    }
    if (words[i] == "resumable") {
      stream.stream.is_resumable = true;
      continue;
    }
    if (i + 1 == words.size()) return ConfigError("{} needs a field", words[i]);
    const std::string& field = words[++i];
    if (words[i - 1] == "key") {
      stream.primary_key.push_back({field});
    } else if (words[i - 1] == "cursor") {
      stream.cursor_field = {field};
      stream.stream.source_defined_cursor = false;
    } else {
      return ConfigError("{} stands where key, cursor or selected may", words[i - 1]);
    }
  }
  std::erase_if(catalog_.streams, [&](const ConfiguredStream& other) {
    return other.descriptor() == stream.descriptor();
  });
  catalog_.streams.push_back(std::move(stream));
  return Status::Ok();
}

Status SyncWorld::Declare(const std::vector<std::string>& words) {
  MR_ASSIGN_OR_RETURN(const SchemaPtr schema, ParseSchema(words));
  const StreamDescriptor descriptor = ParseStream(words.at(1));
  for (ConfiguredStream& stream : catalog_.streams) {
    if (stream.descriptor() != descriptor) continue;
    stream.stream.json_schema = JsonSchemaOf(*schema);
    return Status::Ok();
  }
  return ConfigError("there is no stream {}", words[1]);
}

ConfiguredCatalog SyncWorld::OutputCatalog() const {
  auto outputs = PlanOutputs(catalog_, options_.normalization);
  return outputs.ok() ? CatalogOf(*outputs) : catalog_;
}

void SyncWorld::SetScript(std::vector<Step> script, bool continues) {
  if (!continues) script_.clear();
  // What continues has not ended there.
  while (!script_.empty() && script_.back().kind == Step::Kind::kComplete) script_.pop_back();
  script_.insert(script_.end(), std::make_move_iterator(script.begin()),
                 std::make_move_iterator(script.end()));
}

Status SyncWorld::Refresh(const std::vector<StreamDescriptor>& streams) {
  Json names = Json::array();
  for (const StreamDescriptor& stream : streams) names.push_back(ToJson(stream));
  return WriteFileAtomically(folder_ / "refresh.json", names.dump());
}

Status SyncWorld::ClearState(const StreamDescriptor& stream) {
  return FileStateStore(folder_ / "state.json").Clear(stream);
}

Result<ConfiguredCatalog> SyncWorld::BeginAttempt(SyncCounters& counters) {
  std::set<StreamDescriptor> refreshed;
  if (const auto text = ReadFile(folder_ / "refresh.json"); text.ok()) {
    for (const Json& name : Json::parse(*text)) {
      MR_ASSIGN_OR_RETURN(auto stream, StreamDescriptorFromJson(name));
      refreshed.insert(std::move(stream));
    }
  }
  counters.BeginSync();
  counters.BeginAttempt(kClock.WallNow());
  ConfiguredCatalog catalog = catalog_;
  FileStateStore states(folder_ / "state.json");
  const AttemptReason reason{
      [&](const StreamDescriptor& stream) {
        return refreshed.contains(stream) ? RefreshMode::kTruncate : RefreshMode::kNone;
      },
      [](const std::string&) {},
      /*retried=*/false,
      {}};
  MR_RETURN_IF_ERROR(AssignGenerations(reason, counters, states, &catalog));
  std::filesystem::remove(folder_ / "refresh.json");
  return catalog;
}

Result<SyncSummary> SyncWorld::Sync(std::optional<KillPoint> kill) {
  MR_ASSIGN_OR_RETURN(SyncCounters counters, SyncCounters::Load(folder_ / "counters.json"));
  MR_ASSIGN_OR_RETURN(const ConfiguredCatalog catalog, BeginAttempt(counters));
  MR_ASSIGN_OR_RETURN(const auto tables, tables_->MakeDestination(*format_, deletion_));
  FileStateStore file(folder_ / "state.json");
  Killer killer(kill);
  KillingDestination destination(*tables, killer);
  KillingStateStore states(file, killer);

  std::stop_source early;
  std::stop_source cancel;
  ScriptedSource source(script_, {[&] { early.request_stop(); }, [&] { cancel.request_stop(); }});
  SyncOptions options = options_;
  options.connection = "golden";
  options.attempt = counters.attempt_id();
  options.fencing_token = counters.fencing_token();
  options.clock = &kClock;
  options.finish_early = early.get_token();
  auto summary = RunSync(source, destination, states, catalog, options, cancel.get_token());
  acknowledged_ = source.acknowledged();
  if (!summary.ok()) return summary;
  for (const StreamProgress& stream : summary->streams) {
    if (stream.status == StreamStatus::kComplete) counters.generations().Complete(stream.stream);
  }
  MR_RETURN_IF_ERROR(counters.Save());
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
