#include "subprocess/container_note.h"

#include <nlohmann/json.hpp>
#include <system_error>

#include "base/file_io.h"
#include "base/json_parsing.h"
#include "base/log.h"
#include "subprocess/child_process.h"
#include "subprocess/container_engine.h"

namespace millrace {
namespace {

constexpr const char* kNoteName = "container.json";
constexpr int64_t kNoteBytesMax = 64 << 10;
constexpr std::chrono::seconds kRemovalLimit(20);

}  // namespace

void RemoveContainer(const std::vector<std::string>& removal) {
  ChildCommand command;
  command.arguments = removal;
  command.environment = EngineEnvironment();
  command.folder = "/";
  command.on_error_line = [](std::string_view line) { Log(LogLevel::kDebug, "{}", line); };
  auto child = ChildProcess::Start(command);
  Status ended = child.status();
  if (child.ok()) {
    (*child)->CloseInput();
    // It prints a name, which the pipe holds.
    ended = (*child)->Wait(Deadline::After(kRemovalLimit), {}).status();
  }
  if (!ended.ok()) {
    Log(LogLevel::kWarn, "the container {} may still run: {}", removal.back(), ended.ToString());
  }
}

Status WriteContainerNote(const std::filesystem::path& folder, const std::string& engine,
                          const std::string& name) {
  return WriteFileAtomically(folder / kNoteName, Json{{"engine", engine}, {"name", name}}.dump(),
                             0600);
}

void RemoveNotedContainer(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (!std::filesystem::exists(folder / kNoteName, ignored)) return;
  const auto text = ReadFile(folder / kNoteName, kNoteBytesMax);
  const Json note = text.ok() ? ParseJson(*text) : Json();
  if (!note.is_object() || !note.contains("engine") || !note.contains("name")) return;
  const Json& engine = note.at("engine");
  const Json& name = note.at("name");
  if (!engine.is_string() || !name.is_string()) return;
  if (!name.get_ref<const std::string&>().starts_with(kContainerPrefix)) return;
  RemoveContainer(ContainerRemoval(engine.get<std::string>(), name.get<std::string>()));
}

}  // namespace millrace
