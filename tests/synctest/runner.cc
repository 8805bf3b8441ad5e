#include "runner.h"

#include <spawn.h>
#include <sys/wait.h>

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/uuid.h"

extern char** environ;

namespace millrace::synctest {
namespace {

const std::map<std::string, KillPoint::Place> kPlaces = {
    {"before-save", KillPoint::Place::kBeforeSave},
    {"after-save", KillPoint::Place::kAfterSave},
    {"before-finish", KillPoint::Place::kBeforeFinish},
    {"after-finish", KillPoint::Place::kAfterFinish},
};

/// Commands that a child process and a replay apply, too.
const std::set<std::string> kSettings = {"option", "stream",  "declare",
                                         "source", "refresh", "clear"};

std::string PlaceName(KillPoint::Place place) {
  for (const auto& [name, value] : kPlaces) {
    if (value == place) return name;
  }
  return "";
}

/// Rows as every kind of destination has them: without their nulls (an older file lacks a new
/// column altogether), whole numbers without a point.
Result<std::vector<std::string>> ValuesOf(const std::vector<std::string>& rows) {
  std::vector<std::string> values;
  for (std::string row : rows) {
    const size_t id = row.find(": (id)");
    if (id != std::string::npos) row.replace(id, 6, ": \"(id)\"");
    const auto json = nlohmann::ordered_json::parse(row, nullptr, false);
    if (!json.is_object()) return SystemError("a row that is no JSON object: {}", row);
    std::string text;
    for (const auto& [column, value] : json.items()) {
      if (value.is_null()) continue;
      const bool whole = value.is_number_float() && value == std::floor(value.get<double>());
      text += fmt::format("{}\"{}\": {}", text.empty() ? "" : ", ", column,
                          whole ? std::to_string(value.get<int64_t>()) : value.dump());
    }
    values.push_back("{" + text + "}");
  }
  std::sort(values.begin(), values.end());
  return values;
}

std::vector<std::string> Describe(const SyncSummary& summary) {
  std::vector<std::string> lines = {std::string(ToString(summary.outcome))};
  for (const StreamProgress& stream : summary.streams) {
    const std::string status(stream.status ? ToString(*stream.status) : "(not begun)");
    lines.push_back(fmt::format("{} {}: {} read, {} committed", stream.stream.ToString(), status,
                                stream.records_read, stream.records_committed));
    if (stream.values_changed > 0) {
      lines.back() += fmt::format(", {} values changed", stream.values_changed);
    }
    for (const auto& [table, rows] : stream.derived) {
      lines.push_back(fmt::format("  {}: {} rows", table.ToString(), rows));
    }
    if (stream.error) lines.push_back("  because: " + stream.error->message);
  }
  if (summary.error) {
    lines.push_back(fmt::format("{}: {}", ToString(summary.error->type), summary.error->message));
  }
  return lines;
}

}  // namespace

Runner::Runner(GoldenFile file, std::string place, std::filesystem::path program, bool update)
    : file_(std::move(file)),
      place_(std::move(place)),
      program_(std::move(program)),
      update_(update),
      root_(std::filesystem::temp_directory_path() / ("millrace-golden-" + RandomUuid())) {}

Runner::~Runner() {
  std::error_code code;
  std::filesystem::remove_all(root_, code);
}

bool Runner::Run() {
  if (const Status opened = OpenWorld(root_ / "world"); !opened.ok()) {
    std::printf("%s: %s\n", file_.path().c_str(), opened.ToString().c_str());
    return false;
  }
  for (size_t i = 0; i < file_.commands().size(); ++i) {
    const Status status = Apply(i);
    if (status.ok()) continue;
    std::printf("%s:%d: %s\n", file_.path().c_str(), file_.commands()[i].line,
                status.ToString().c_str());
    return false;
  }
  if (update_) {
    if (const Status saved = file_.Save(); !saved.ok()) {
      std::printf("%s\n", saved.ToString().c_str());
      return false;
    }
  }
  return failures_ == 0;
}

Status Runner::OpenWorld(std::filesystem::path folder) {
  MR_ASSIGN_OR_RETURN(world_, SyncWorld::Open(place_, std::move(folder)));
  // What most files want: only the stream's own columns, a commit at each checkpoint.
  MR_RETURN_IF_ERROR(world_->SetOption({"option", "metadata", "none"}));
  return world_->SetOption({"option", "commit", "checkpoints"});
}

int Runner::RunChild(int line, const std::filesystem::path& folder, std::optional<KillPoint> kill) {
  if (!OpenWorld(folder).ok()) return 2;
  for (size_t i = 0; i < file_.commands().size() && file_.commands()[i].line < line; ++i) {
    const auto words = Words(file_.commands()[i].head);
    if (words[0] != "option" && words[0] != "stream" && words[0] != "declare" &&
        words[0] != "source") {
      continue;
    }
    if (!ApplySetting(i, words).ok()) return 2;
  }
  const auto summary = world_->Sync(kill);
  if (!summary.ok()) std::printf("%s\n", summary.status().ToString().c_str());
  if (summary.ok() && summary->error) std::printf("%s\n", summary->error->message.c_str());
  return summary.ok() && summary->outcome == SyncOutcome::kSucceeded ? 0 : 1;
}

Status Runner::ApplySetting(size_t index, const std::vector<std::string>& words) {
  if (words[0] == "option") return world_->SetOption(words);
  if (words[0] == "stream") return world_->AddStream(words);
  if (words[0] == "declare") return world_->Declare(words);
  if (words[0] == "source") {
    MR_ASSIGN_OR_RETURN(auto script, ParseScript(file_.commands()[index].block));
    world_->SetScript(std::move(script), words.size() > 1 && words[1] == "continues");
    return Status::Ok();
  }
  std::vector<StreamDescriptor> streams;
  for (size_t i = 1; i < words.size(); ++i) streams.push_back(ParseStream(words[i]));
  if (words[0] == "refresh") return world_->Refresh(streams);
  for (const StreamDescriptor& stream : streams) MR_RETURN_IF_ERROR(world_->ClearState(stream));
  return Status::Ok();
}

Status Runner::Apply(size_t index) {
  const Command& command = file_.commands()[index];
  const auto words = Words(command.head);
  if (words[0] == "name" || words[0] == "description") return Status::Ok();
  if (kSettings.contains(words[0])) return ApplySetting(index, words);
  if (words[0] != "sync") return Show(index);
  if (command.head == "sync") return Sync(index);
  // sync killed everywhere [but after-save]
  if (command.head.starts_with("sync killed everywhere")) {
    return SyncKilledEverywhere(index, words.size() == 5 ? words[4] : "");
  }
  // sync killed before-save 2
  if (words.size() == 4 && words[1] == "killed" && kPlaces.contains(words[2])) {
    return SyncKilled(index, {kPlaces.at(words[2]), std::stoi(words[3])});
  }
  return ConfigError("unknown command: {}", command.head);
}

Status Runner::Replay(size_t index) {
  MR_RETURN_IF_ERROR(OpenWorld(root_ / fmt::format("world-{}", ++worlds_)));
  for (size_t i = 0; i < index; ++i) {
    const std::string& head = file_.commands()[i].head;
    const auto words = Words(head);
    if (kSettings.contains(words[0])) {
      MR_RETURN_IF_ERROR(ApplySetting(i, words));
    } else if (head == "sync") {
      MR_RETURN_IF_ERROR(world_->Sync(std::nullopt).status());
    } else if (words[0] == "sync" && words[2] != "everywhere") {
      MR_RETURN_IF_ERROR(Apply(i));
    }
  }
  return Status::Ok();
}

Status Runner::Sync(size_t index) {
  const auto summary = world_->Sync(std::nullopt);
  if (summary.ok()) {
    Expect(index, Describe(*summary));
  } else {
    Expect(index, {"refused: " + summary.status().ToString()});
  }
  return Status::Ok();
}

Status Runner::SyncKilled(size_t index, const KillPoint& kill) {
  MR_ASSIGN_OR_RETURN(const int result, Spawn(index, kill));
  if (!WIFSIGNALED(result)) return ConfigError("the sync ended before it could be killed");
  return Status::Ok();
}

Status Runner::SyncKilledEverywhere(size_t index, const std::string& but) {
  auto home = std::move(world_);
  MR_RETURN_IF_ERROR(Replay(index));
  MR_ASSIGN_OR_RETURN(const auto before, AllRows());
  MR_ASSIGN_OR_RETURN(const int quiet, Spawn(index, std::nullopt));
  if (quiet != 0) return ConfigError("the sync fails without being killed");
  MR_ASSIGN_OR_RETURN(const auto after, AllRows());
  for (const auto& [name, place] : kPlaces) {
    if (name == but) continue;
    bool killed = true;
    // A sync has far fewer checkpoints and streams than this.
    for (int nth = 1; killed && nth < 1000; ++nth) {
      MR_RETURN_IF_ERROR(Replay(index));
      const Status status = KillOnce(index, {place, nth}, &killed);
      const std::string at = fmt::format("killed {} {}", name, nth);
      if (!status.ok()) return status.WithContext(at);
      if (!killed) break;
      if (const Status whole = CheckTablesAreWhole(before, after); !whole.ok()) {
        return whole.WithContext(at);
      }
      MR_ASSIGN_OR_RETURN(const int again, Spawn(index, std::nullopt));
      if (again != 0) return ConfigError("{}: the sync after it failed", at);
      MR_ASSIGN_OR_RETURN(const auto recovered, AllRows());
      if (recovered == after) continue;
      std::printf("%s:%d: %s: rows after recovery\n%s\ninstead of\n%s\n", file_.path().c_str(),
                  file_.commands()[index].line, at.c_str(),
                  fmt::format("{}", fmt::join(recovered, "\n")).c_str(),
                  fmt::format("{}", fmt::join(after, "\n")).c_str());
      ++failures_;
    }
  }
  world_ = std::move(home);
  return Status::Ok();
}

Status Runner::KillOnce(size_t index, const KillPoint& kill, bool* killed) {
  MR_ASSIGN_OR_RETURN(const int result, Spawn(index, kill));
  *killed = WIFSIGNALED(result);
  if (!*killed && result != 0) return ConfigError("the sync failed instead of being killed");
  return Status::Ok();
}

Status Runner::CheckTablesAreWhole(const std::vector<std::string>& before,
                                   const std::vector<std::string>& after) const {
  const ConfiguredCatalog outputs = world_->OutputCatalog();
  for (const ConfiguredStream& stream : outputs.streams) {
    if (stream.destination_sync_mode != DestinationSyncMode::kOverwrite &&
        stream.destination_sync_mode != DestinationSyncMode::kOverwriteDedup) {
      continue;
    }
    MR_ASSIGN_OR_RETURN(const auto rows, world_->tables().Rows(stream.descriptor()));
    const auto of = [&](const std::vector<std::string>& all) {
      const std::string prefix = stream.descriptor().ToString() + ": ";
      std::vector<std::string> some;
      for (const std::string& row : all) {
        if (row.starts_with(prefix)) some.push_back(row.substr(prefix.size()));
      }
      return some;
    };
    if (rows == of(before) || rows == of(after)) continue;
    return SystemError("{} shows neither the old table nor the new one:\n{}",
                       stream.descriptor().ToString(), fmt::join(rows, "\n"));
  }
  return Status::Ok();
}

Status Runner::Show(size_t index) {
  const auto words = Words(file_.commands()[index].head);
  std::vector<std::string> actual;
  if (words[0] == "state") {
    MR_ASSIGN_OR_RETURN(actual, world_->SavedStates());
  } else if (words[0] == "acknowledged") {
    actual = world_->acknowledged();
  } else if (words[0] == "files") {
    MR_ASSIGN_OR_RETURN(actual, world_->tables().Files());
  } else if (words[0] == "rows" && words.size() == 2) {
    MR_ASSIGN_OR_RETURN(actual, world_->tables().Rows(ParseStream(words[1])));
  } else if (words[0] == "values" && words.size() == 2) {
    MR_ASSIGN_OR_RETURN(actual, world_->tables().Rows(ParseStream(words[1])));
    MR_ASSIGN_OR_RETURN(actual, ValuesOf(actual));
  } else if (words[0] == "schema" && words.size() == 2) {
    MR_ASSIGN_OR_RETURN(actual, world_->tables().Schema(ParseStream(words[1])));
  } else {
    return ConfigError("unknown command: {}", file_.commands()[index].head);
  }
  if (actual.empty()) actual = {"(none)"};
  Expect(index, actual);
  return Status::Ok();
}

void Runner::Expect(size_t index, const std::vector<std::string>& actual) {
  const Command& command = file_.commands()[index];
  if (update_) return file_.SetBlock(index, actual);
  if (command.block == actual) return;
  ++failures_;
  std::printf("%s:%d: %s\n", file_.path().c_str(), command.line, command.head.c_str());
  for (const std::string& line : command.block) {
    const bool there = std::find(actual.begin(), actual.end(), line) != actual.end();
    std::printf("%s %s\n", there ? " " : "-", line.c_str());
  }
  for (const std::string& line : actual) {
    const auto& block = command.block;
    if (std::find(block.begin(), block.end(), line) == block.end()) {
      std::printf("+ %s\n", line.c_str());
    }
  }
}

Result<std::vector<std::string>> Runner::AllRows() const {
  std::vector<std::string> all;
  const ConfiguredCatalog outputs = world_->OutputCatalog();
  for (const ConfiguredStream& stream : outputs.streams) {
    MR_ASSIGN_OR_RETURN(const auto rows, world_->tables().Rows(stream.descriptor()));
    for (const std::string& row : rows) {
      all.push_back(stream.descriptor().ToString() + ": " + row);
    }
  }
  return all;
}

Result<int> Runner::Spawn(size_t index, std::optional<KillPoint> kill) {
  std::vector<std::string> arguments = {program_.string(),
                                        "--child",
                                        place_,
                                        file_.path().string(),
                                        std::to_string(file_.commands()[index].line),
                                        world_->folder().string()};
  if (kill) {
    arguments.push_back(PlaceName(kill->place));
    arguments.push_back(std::to_string(kill->nth));
  }
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  pid_t child = 0;
  if (const int error = ::posix_spawn(&child, argv[0], nullptr, nullptr, argv.data(), environ)) {
    return SystemError("starting {}: error {}", arguments[0], error);
  }
  int result = 0;
  if (::waitpid(child, &result, 0) != child) return SystemError("waiting for {}", arguments[0]);
  return result;
}

}  // namespace millrace::synctest
