#include "declarative/streams/stream_check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace millrace {
namespace {

constexpr std::string_view kNamesInConfig = "__airbyte_check_stream_names";

/// Wants one record.
class FirstRecord final : public RecordConsumer {
 public:
  Status Take(DeclarativeRecord) override {
    taken_ = true;
    return Status::Ok();
  }
  bool wants_more() const override { return !taken_; }

 private:
  bool taken_ = false;
};

/// Whether a stream can be read: its first slice is begun.
Status ReadFirstRecord(const DeclarativeStream& stream, std::stop_token stop) {
  std::optional<StreamSlice> first;
  MR_RETURN_IF_ERROR(stream.slicer().Slices(
      [&first](StreamSlice slice) {
        first = std::move(slice);
        return false;
      },
      stop));
  if (!first) return ConfigError("it has nothing to read: no slice of it was found");
  FirstRecord record;
  return stream.ReadSlice(*first, record, std::move(stop));
}

std::string NameOf(const StreamDescription& stream) {
  const auto name = stream.component.TextOr("name", "");
  return name.ok() ? *name : "";
}

Status CheckOne(const StreamDescription& description, const CheckedStreams& streams,
                const std::stop_token& stop) {
  const auto stream = streams.build(description);
  if (!stream.ok()) {
    return ConfigError("stream {} can't be made: {}", NameOf(description),
                       stream.status().ToString());
  }
  const Status read = ReadFirstRecord(**stream, stop);
  if (read.ok() || read.canceled()) return read;
  return ConfigError("stream {} can't be read: {}", (*stream)->name(), read.ToString());
}

Result<std::vector<std::string>> NamesToCheck(const Component& check,
                                              const EngineEnvironment& environment) {
  const PyValue* names = environment.config.Find(kNamesInConfig);
  if (names == nullptr || (names->is_list() && names->items().empty())) {
    return check.TextList("stream_names");
  }
  std::vector<std::string> read;
  if (names->is_list()) {
    for (const PyValue& name : names->items()) {
      if (name.is_str()) read.push_back(name.str());
    }
  }
  if (!names->is_list() || read.size() != names->items().size()) {
    return SystemError("{} must be a list of texts", kNamesInConfig);
  }
  return read;
}

/// The first `count` streams of each dynamic stream that the check names.
Status CheckNamedDynamicStreams(const std::vector<Component>& configs,
                                const std::vector<StreamDescription>& all,
                                const CheckedStreams& streams, const std::stop_token& stop) {
  for (const Component& config : configs) {
    MR_ASSIGN_OR_RETURN(const std::string of, config.Text("dynamic_stream_name"));
    MR_ASSIGN_OR_RETURN(const int64_t count,
                        config.IntOr("stream_count", static_cast<int64_t>(all.size())));
    int64_t checked = 0;
    for (const StreamDescription& stream : all) {
      if (stream.dynamic_stream != of || checked++ >= count) continue;
      MR_RETURN_IF_ERROR(CheckOne(stream, streams, stop));
    }
  }
  return Status::Ok();
}

Status CheckNamedStreams(const Component& check, const EngineEnvironment& environment,
                         const CheckedStreams& streams, const std::stop_token& stop) {
  MR_ASSIGN_OR_RETURN(const std::vector<std::string> names, NamesToCheck(check, environment));
  MR_ASSIGN_OR_RETURN(const auto configs, check.Children("dynamic_streams_check_configs"));
  MR_ASSIGN_OR_RETURN(std::vector<StreamDescription> all, streams.static_streams());
  const auto find = [&all](const std::string& name) {
    return std::find_if(all.begin(), all.end(),
                        [&](const StreamDescription& stream) { return NameOf(stream) == name; });
  };
  const bool all_are_static =
      !names.empty() && std::all_of(names.begin(), names.end(), [&](const std::string& name) {
        return find(name) != all.end();
      });
  if (!configs.empty() || !all_are_static) {
    MR_ASSIGN_OR_RETURN(std::vector<StreamDescription> dynamic, streams.dynamic_streams());
    std::move(dynamic.begin(), dynamic.end(), std::back_inserter(all));
  }
  if (all.empty()) return ConfigError("the manifest has no stream to check");
  for (const std::string& name : names) {
    const auto found = find(name);
    if (found == all.end()) {
      std::vector<std::string> known;
      for (const StreamDescription& stream : all) known.push_back(NameOf(stream));
      return SystemError("the check names the stream {}, which is not there. There are: {}", name,
                         fmt::join(known, ", "));
    }
    MR_RETURN_IF_ERROR(CheckOne(*found, streams, stop));
  }
  return CheckNamedDynamicStreams(configs, all, streams, stop);
}

Status CheckFirstStreams(const Component& check, const CheckedStreams& streams,
                         const std::stop_token& stop) {
  MR_ASSIGN_OR_RETURN(const int64_t count, check.IntOr("stream_count", 0));
  MR_ASSIGN_OR_RETURN(const bool reads, check.BoolOr("use_check_availability", true));
  MR_ASSIGN_OR_RETURN(std::vector<StreamDescription> all, streams.static_streams());
  MR_ASSIGN_OR_RETURN(std::vector<StreamDescription> dynamic, streams.dynamic_streams());
  std::move(dynamic.begin(), dynamic.end(), std::back_inserter(all));
  if (all.empty()) return ConfigError("the manifest has no stream to check");
  for (int64_t i = 0; reads && i < std::min<int64_t>(count, std::ssize(all)); ++i) {
    MR_RETURN_IF_ERROR(CheckOne(all[static_cast<size_t>(i)], streams, stop));
  }
  return Status::Ok();
}

}  // namespace

Status CheckStreams(const Component& check, const EngineEnvironment& environment,
                    const CheckedStreams& streams, std::stop_token stop) {
  if (check.type() == "CheckStream") return CheckNamedStreams(check, environment, streams, stop);
  if (check.type() == "CheckDynamicStream") return CheckFirstStreams(check, streams, stop);
  return check.UnknownType("check");
}

}  // namespace millrace
