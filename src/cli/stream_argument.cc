#include "cli/stream_argument.h"

#include <algorithm>

#include "base/nearest_names.h"

namespace millrace {
namespace {

/// A stream that is listed without a namespace may turn out to have any.
bool MayName(const std::string& argument, const StreamSelection& selection) {
  if (NamesStream(argument, {selection.name, selection.name_space})) return true;
  return !selection.name_space && argument.ends_with("." + selection.name);
}

}  // namespace

bool NamesStream(const std::string& argument, const StreamDescriptor& stream) {
  return stream.name == argument || stream.ToString() == argument;
}

Status CheckStreamArguments(const std::vector<std::string>& arguments, const ConnectionFile& file) {
  if (!file.streams) return Status::Ok();
  std::vector<std::string> names;
  for (const StreamSelection& selection : *file.streams) {
    names.push_back(StreamDescriptor{selection.name, selection.name_space}.ToString());
    if (selection.name_space) names.push_back(selection.name);
  }
  for (const std::string& argument : arguments) {
    const bool found =
        std::any_of(file.streams->begin(), file.streams->end(),
                    [&](const auto& selection) { return MayName(argument, selection); });
    if (found) continue;
    return ConfigError("--stream {}: {} lists no such stream{}", argument, file.path.string(),
                       DidYouMean(argument, names));
  }
  return Status::Ok();
}

}  // namespace millrace
