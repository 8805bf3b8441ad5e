#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "attempt/error_json.h"
#include "attempt/file_state_store.h"
#include "base/file_io.h"
#include "base/nearest_names.h"
#include "cli/amount_text.h"
#include "cli/commands.h"
#include "cli/connection_file.h"
#include "cli/connection_folder.h"
#include "cli/console.h"
#include "cli/stream_argument.h"

namespace millrace {
namespace {

Result<std::string> ReadStandardInput() {
  constexpr size_t kBytesMax = 256 << 20;
  std::string text;
  char chunk[65536];
  for (;;) {
    const ssize_t got = ::read(STDIN_FILENO, chunk, sizeof chunk);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoError(errno, "reading the state from standard input");
    if (got == 0) return text;
    text.append(chunk, static_cast<size_t>(got));
    if (text.size() > kBytesMax) return ConfigError("the state is larger than 256 MB");
  }
}

/// The streams of the state that the arguments name; an argument that names none is an error.
Result<std::vector<StreamDescriptor>> StreamsOf(const State& state,
                                                const std::vector<std::string>& arguments) {
  std::vector<StreamDescriptor> streams;
  std::vector<std::string> names;
  for (const auto& [stream, unused] : state.streams()) names.push_back(stream.ToString());
  for (const std::string& argument : arguments) {
    const size_t before = streams.size();
    for (const auto& [stream, unused] : state.streams()) {
      if (NamesStream(argument, stream)) streams.push_back(stream);
    }
    if (streams.size() == before) {
      return ConfigError("--stream {}: there is no state of such a stream{}", argument,
                         DidYouMean(argument, names));
    }
  }
  return streams;
}

Json DocumentOf(const SavedState& saved) {
  return Json{
      {"epoch", saved.epoch}, {"checkpoint", saved.checkpoint}, {"states", ToJson(saved.state)}};
}

/// Only these streams' states.
State Restricted(const State& state, const std::vector<StreamDescriptor>& streams) {
  State restricted;
  for (const StreamDescriptor& stream : streams) {
    restricted.Merge(StateMessage::OfStream(stream, *state.Find(stream)));
  }
  return restricted;
}

Status Show(const CommandLine& line, const FileStateStore& store, const std::string& connection) {
  MR_ASSIGN_OR_RETURN(auto saved, store.Peek());
  if (saved && !line.streams.empty()) {
    MR_ASSIGN_OR_RETURN(const auto streams, StreamsOf(saved->state, line.streams));
    saved->state = Restricted(saved->state, streams);
  }
  if (saved) {
    Console::OutJson(DocumentOf(*saved));
  } else if (line.json) {
    Console::OutJson({{"epoch", nullptr}, {"checkpoint", 0}, {"states", Json::array()}});
  } else {
    Console::Out(
        fmt::format("{} has no state: its next sync starts from the beginning\n", connection));
  }
  return Status::Ok();
}

Status Set(const CommandLine& line, FileStateStore* store) {
  MR_ASSIGN_OR_RETURN(const std::string text, ReadStandardInput());
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) {
    return ConfigError("standard input is not JSON; give Airbyte's array of state messages");
  }
  // What `state show` prints is taken back too.
  const bool document = json.is_object() && json.contains("states") && json.contains("epoch");
  MR_ASSIGN_OR_RETURN(State given, StateFromJson(document ? json["states"] : json));
  if (line.streams.empty()) return store->Replace(std::move(given));
  MR_ASSIGN_OR_RETURN(const auto streams, StreamsOf(given, line.streams));
  MR_ASSIGN_OR_RETURN(auto saved, store->Peek());
  State merged = saved ? std::move(saved->state) : State();
  for (const StreamDescriptor& stream : streams) {
    merged.Merge(StateMessage::OfStream(stream, *given.Find(stream)));
  }
  return store->Replace(std::move(merged));
}

Status Clear(const CommandLine& line, FileStateStore* store) {
  if (line.streams.empty()) return store->Replace(State());
  MR_ASSIGN_OR_RETURN(auto saved, store->Peek());
  const State state = saved ? std::move(saved->state) : State();
  MR_ASSIGN_OR_RETURN(const auto streams, StreamsOf(state, line.streams));
  State rest = state;
  for (const StreamDescriptor& stream : streams) rest.Clear(stream);
  return store->Replace(std::move(rest));
}

Status RunAction(const CommandLine& line, const ConnectionFile& file) {
  const auto data_dir = DataDirOf(line.data_dir, line.file);
  if (line.action == "show") {
    const FileStateStore store(ConnectionFolder::PathOf(data_dir, file.name) / "state.json");
    return Show(line, store, file.name);
  }
  MR_ASSIGN_OR_RETURN(const auto folder, ConnectionFolder::Open(data_dir, file.name));
  FileStateStore store(folder.state_path());
  MR_RETURN_IF_ERROR(line.action == "set" ? Set(line, &store) : Clear(line, &store));
  MR_ASSIGN_OR_RETURN(const auto saved, store.Peek());
  if (line.json) {
    Console::OutJson(DocumentOf(*saved));
  } else if (saved->state.empty()) {
    Console::Out(
        fmt::format("{} has no state now: its next sync starts from the beginning\n", file.name));
  } else {
    Console::Out(
        fmt::format("{} has the state of {} now\n", file.name,
                    CountText(static_cast<int64_t>(saved->state.streams().size()), "stream")));
  }
  return Status::Ok();
}

}  // namespace

int RunState(const CommandLine& line) {
  // Its state can be looked at while the environment of its syncs is not there.
  const Environment anything = [](const std::string& name) {
    return std::optional(ProcessEnvironment()(name).value_or(""));
  };
  const auto file = ReadConnectionFile(line.file, anything);
  const Status status = file.ok() ? RunAction(line, *file) : file.status();
  if (status.ok()) return kExitDone;
  if (line.json && status.failed()) {
    Console::OutJson({{"status", "failed"}, {"error", ErrorToJson(status.error())}});
  }
  Console::Fail(status, line.verbose);
  const bool usage = status.failed() && status.error().type == FailureType::kConfigError;
  return usage ? kExitUsage : kExitFailed;
}

}  // namespace millrace
