#include "attempt/file_state_store.h"

#include <nlohmann/json.hpp>

#include "base/file_io.h"
#include "base/uuid.h"

namespace millrace {
namespace {

/// The document, or the reason why the text is none.
Result<SavedState> ParseDocument(const std::string& text) {
  const Json document = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded() || !document.is_object()) {
    return ConfigError("it is not a JSON object");
  }
  const Json epoch = document.value("epoch", Json());
  const Json checkpoint = document.value("checkpoint", Json());
  if (!epoch.is_string() || epoch.get_ref<const std::string&>().empty()) {
    return ConfigError("\"epoch\" must be a text");
  }
  if (!checkpoint.is_number_unsigned()) {
    return ConfigError("\"checkpoint\" must be a number, 0 or greater");
  }
  SavedState saved;
  saved.epoch = epoch.get<std::string>();
  saved.checkpoint = checkpoint.get<CheckpointId>();
  MR_ASSIGN_OR_RETURN(saved.state, StateFromJson(document.value("states", Json::array())));
  return saved;
}

}  // namespace

Result<std::optional<SavedState>> FileStateStore::Peek() const {
  std::error_code code;
  if (!std::filesystem::exists(path_, code) && !code) return std::optional<SavedState>();
  MR_ASSIGN_OR_RETURN(const std::string text, ReadFile(path_));
  auto saved = ParseDocument(text);
  if (!saved.ok()) {
    return ConfigError("the state {} is damaged: {}; restore it, or remove it to start anew",
                       path_.string(), saved.status().ToString());
  }
  return std::optional<SavedState>(*std::move(saved));
}

Result<SavedState> FileStateStore::Load() {
  MR_ASSIGN_OR_RETURN(auto saved, Peek());
  if (!saved) {
    MR_RETURN_IF_ERROR(Replace(State()));
    return *saved_;
  }
  saved_ = std::move(saved);
  return *saved_;
}

Status FileStateStore::Save(const StateMessage& state, CheckpointId checkpoint,
                            const RecordCounts& counts) {
  (void)counts;  // a file keeps no history
  if (!saved_) {
    if (auto loaded = Load(); !loaded.ok()) return loaded.status();
  }
  SavedState next = *saved_;
  next.state.Merge(state);
  next.checkpoint = checkpoint;
  return Write(std::move(next));
}

Status FileStateStore::Replace(State state) { return Write({RandomUuid(), 0, std::move(state)}); }

Status FileStateStore::Forget(const std::vector<StreamDescriptor>& streams) {
  if (streams.empty()) return Status::Ok();
  MR_ASSIGN_OR_RETURN(SavedState next, Load());
  for (const StreamDescriptor& stream : streams) next.state.Clear(stream);
  return Write(std::move(next));
}

Status FileStateStore::Clear(const StreamDescriptor& stream) {
  MR_ASSIGN_OR_RETURN(auto saved, Peek());
  if (!saved) return Status::Ok();
  saved->state.Clear(stream);
  return Replace(std::move(saved->state));
}

Status FileStateStore::Write(SavedState saved) {
  const Json document{
      {"epoch", saved.epoch}, {"checkpoint", saved.checkpoint}, {"states", ToJson(saved.state)}};
  std::string text;
  try {
    text = document.dump(2) + "\n";
  } catch (const Json::exception&) {
    return SystemError("saving state: the source gave a state that is not UTF-8 text");
  }
  const Status status = WriteFileAtomically(path_, text, 0600);
  if (!status.ok()) return status.WithContext("saving state");
  saved_ = std::move(saved);
  return Status::Ok();
}

}  // namespace millrace
