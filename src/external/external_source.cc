#include "external/external_source.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "external/message_reading.h"

namespace millrace {
namespace {

/// The state file: what Airbyte's platform writes, which gives LEGACY state back as it was.
JsonValue StateFile(const State& state) {
  if (state.legacy()) return *state.legacy();
  return JsonValue(ToJson(state));
}

}  // namespace

Status ExternalSource::Check() {
  MR_RETURN_IF_ERROR(tasks_.Prepare());
  return tasks_.Check();
}

Result<Catalog> ExternalSource::Discover() {
  MR_RETURN_IF_ERROR(tasks_.Prepare());
  MR_ASSIGN_OR_RETURN(const JsonValue answer,
                      tasks_.Ask("discover", "CATALOG", "catalog", {tasks_.ConfigFile()}));
  auto catalog = CatalogFromJson(*answer);
  if (!catalog.ok()) return SystemError("discover: {}", catalog.status().ToString());
  std::set<StreamDescriptor> seen;
  for (const Stream& stream : catalog->streams) {
    if (seen.insert(stream.descriptor).second) continue;
    return SystemError("discover: the catalog has the stream {} twice",
                       stream.descriptor.ToString());
  }
  return catalog;
}

Status ExternalSource::Read(const ConfiguredCatalog& catalog, const State& resume_from,
                            SourceOutput& output, std::stop_token stop) {
  MR_RETURN_IF_ERROR(tasks_.Prepare());
  std::vector<ConnectorFile> files = {tasks_.ConfigFile(),
                                      {"--catalog", JsonValue(ToJson(catalog))}};
  if (!resume_from.empty()) files.push_back({"--state", StateFile(resume_from)});
  MR_ASSIGN_OR_RETURN(const auto run, ConnectorRun::Start(tasks_.command(), "read", files));
  ConnectorWords words(tasks_.ConfigKeeper());
  MessageReading reading(output, words, ConnectorTasks::kLineBytesMax, tasks_.keep_undeclared());
  MR_RETURN_IF_ERROR(reading.Open(catalog));
  Status read = run->Read([&](std::string_view chunk) { return reading.Take(chunk); }, stop);
  if (read.canceled()) return read;

  // A script that looks for what is new may have nothing to say; one that replaces a table must.
  const bool may_be_silent = std::ranges::all_of(
      catalog.streams,
      [](const ConfiguredStream& stream) { return stream.sync_mode == SyncMode::kIncremental; });
  const bool no_answer = reading.messages() == 0 && !(may_be_silent && words.only_messages());
  std::optional<Error> failure;
  if (!read.ok()) {
    failure = words.FailureOf(read, run->exit());
  } else if (!run->exit().clean() || words.error() || no_answer) {
    failure = words.FailureOf(run->exit());
  }
  if (!read.ok() || !run->exit().clean()) {
    reading.BreakOff(*failure);
  } else {
    read = reading.End(failure);
    if (!read.ok()) {
      failure = words.FailureOf(read, run->exit());
      reading.BreakOff(*failure);
    }
  }
  if (!failure) return Status::Ok();
  const bool only_some = reading.any_incomplete() && reading.each_has_its_reason();
  if (read.ok() && only_some) return Status::Ok();
  return Status::Failed(*failure);
}

}  // namespace millrace
