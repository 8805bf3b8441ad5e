#include "runner.h"

#include <spawn.h>
#include <sys/wait.h>

#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <map>

#include "base/uuid.h"
#include "table_reader.h"

extern char** environ;

namespace millrace::synctest {
namespace {

const std::map<std::string, KillPoint::Place> kPlaces = {
    {"before-save", KillPoint::Place::kBeforeSave},
    {"after-save", KillPoint::Place::kAfterSave},
    {"before-finish", KillPoint::Place::kBeforeFinish},
    {"after-finish", KillPoint::Place::kAfterFinish},
};

std::string PlaceName(KillPoint::Place place) {
  for (const auto& [name, value] : kPlaces) {
    if (value == place) return name;
  }
  return "";
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
    if (stream.error) lines.push_back("  because: " + stream.error->message);
  }
  if (summary.error) {
    lines.push_back(fmt::format("{}: {}", ToString(summary.error->type), summary.error->message));
  }
  return lines;
}

}  // namespace

Runner::Runner(GoldenFile file, std::filesystem::path program, bool update)
    : file_(std::move(file)),
      program_(std::move(program)),
      update_(update),
      root_(std::filesystem::temp_directory_path() / ("millrace-golden-" + RandomUuid())),
      world_(root_ / "world") {
  // What most files want: only the stream's own columns, a commit at each checkpoint.
  (void)world_.SetOption({"option", "metadata", "none"});
  (void)world_.SetOption({"option", "commit", "checkpoints"});
}

Runner::~Runner() {
  std::error_code code;
  std::filesystem::remove_all(root_, code);
}

bool Runner::Run() {
  std::filesystem::create_directories(world_.folder());
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

int Runner::RunChild(int line, const std::filesystem::path& folder, std::optional<KillPoint> kill) {
  world_.MoveTo(folder);
  for (size_t i = 0; i < file_.commands().size() && file_.commands()[i].line < line; ++i) {
    const std::string verb = Words(file_.commands()[i].head)[0];
    if (verb != "option" && verb != "stream" && verb != "source") continue;
    if (!Apply(i).ok()) return 2;
  }
  const auto summary = world_.Sync(kill);
  if (!summary.ok()) std::printf("%s\n", summary.status().ToString().c_str());
  if (summary.ok() && summary->error) std::printf("%s\n", summary->error->message.c_str());
  return summary.ok() && summary->outcome == SyncOutcome::kSucceeded ? 0 : 1;
}

Status Runner::Apply(size_t index) {
  const Command& command = file_.commands()[index];
  const auto words = Words(command.head);
  if (words[0] == "name" || words[0] == "description") return Status::Ok();
  if (words[0] == "option") return world_.SetOption(words);
  if (words[0] == "stream") return world_.AddStream(words);
  if (words[0] == "source") {
    MR_ASSIGN_OR_RETURN(auto script, ParseScript(command.block));
    world_.SetScript(std::move(script), words.size() > 1 && words[1] == "continues");
    return Status::Ok();
  }
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

Status Runner::Sync(size_t index) {
  const auto summary = world_.Sync(std::nullopt);
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
  const auto base = root_ / "base";
  const auto copy = [&](const std::filesystem::path& from, const std::filesystem::path& to) {
    std::filesystem::remove_all(to);
    std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
  };
  const auto home = world_.folder();
  copy(home, base);
  MR_ASSIGN_OR_RETURN(const auto before, AllRows());
  MR_ASSIGN_OR_RETURN(const int quiet, Spawn(index, std::nullopt));
  if (quiet != 0) return ConfigError("the sync fails without being killed");
  MR_ASSIGN_OR_RETURN(const auto after, AllRows());
  for (const auto& [name, place] : kPlaces) {
    if (name == but) continue;
    bool killed = true;
    // A sync has far fewer checkpoints and streams than this.
    for (int nth = 1; killed && nth < 1000; ++nth) {
      copy(base, home);
      const Status status = KillOnce(index, {place, nth}, &killed);
      const std::string at = fmt::format("killed {} {}", name, nth);
      if (!status.ok()) return status.WithContext(at);
      if (!killed) break;
      MR_ASSIGN_OR_RETURN(const auto seen, AllRows());
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
  copy(base, home);
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
  for (const ConfiguredStream& stream : world_.catalog().streams) {
    if (stream.destination_sync_mode != DestinationSyncMode::kOverwrite) continue;
    MR_ASSIGN_OR_RETURN(const auto rows, ReadRows(world_.TableFolder(stream.descriptor())));
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
    MR_ASSIGN_OR_RETURN(actual, world_.SavedStates());
  } else if (words[0] == "acknowledged") {
    actual = world_.acknowledged();
  } else if (words[0] == "files") {
    actual = VisibleFiles(world_.folder() / "lake");
  } else if (words[0] == "rows" && words.size() == 2) {
    MR_ASSIGN_OR_RETURN(actual, ReadRows(world_.TableFolder(ParseStream(words[1]))));
  } else if (words[0] == "schema" && words.size() == 2) {
    MR_ASSIGN_OR_RETURN(actual, ReadSchema(world_.TableFolder(ParseStream(words[1]))));
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
  for (const ConfiguredStream& stream : world_.catalog().streams) {
    MR_ASSIGN_OR_RETURN(const auto rows, ReadRows(world_.TableFolder(stream.descriptor())));
    for (const std::string& row : rows) {
      all.push_back(stream.descriptor().ToString() + ": " + row);
    }
  }
  return all;
}

Result<int> Runner::Spawn(size_t index, std::optional<KillPoint> kill) {
  std::vector<std::string> arguments = {program_.string(), "--child", file_.path().string(),
                                        std::to_string(file_.commands()[index].line),
                                        world_.folder().string()};
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
