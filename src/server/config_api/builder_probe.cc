#include "server/config_api/builder_probe.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>

#include "base/secrets.h"
#include "catalogue/connector_resolver.h"
#include "server/config_api/probe_json.h"

namespace millrace {
namespace {

/// A read ends by itself after a minute; this is for what doesn't.
constexpr std::chrono::seconds kBuilderProbeLimit{90};
constexpr size_t kSearchedMax = 2'000;
constexpr const char* kRequestKey = "__builder_request";

/// Where in a text the first word of that line stands, from 1.
int64_t ColumnOfLine(const std::string& text, int64_t line) {
  size_t start = 0;
  for (int64_t at = 1; at < line && start != text.npos; ++at) {
    start = text.find('\n', start);
    if (start != text.npos) ++start;
  }
  if (start == text.npos) return 1;
  const size_t word = text.find_first_not_of(" -", start);
  return word == text.npos ? 1 : static_cast<int64_t>(word - start) + 1;
}

/// Adds where a message says that something is: {"line", "column", "path"}, as far as it does. Of
/// several lines the last is the innermost.
void AddPlace(std::string message, const Json& manifest, Json* reply) {
  // The search recurses, and names in a message may be as long as somebody likes.
  message.resize(std::min(message.size(), kSearchedMax));
  static const std::regex kLine(R"(\bline (\d{1,9})(?:, column (\d{1,9}))?)");
  static const std::regex kPath(R"(\(([A-Za-z0-9_$-]+(?:\.[A-Za-z0-9_$-]+)*)\))");
  std::smatch found;
  for (std::sregex_iterator at(message.begin(), message.end(), kLine), end; at != end; ++at) {
    found = *at;
  }
  if (manifest.is_string() && !found.empty()) {
    const int64_t line = std::stoll(found[1]);
    (*reply)["line"] = line;
    (*reply)["column"] = found[2].matched
                             ? static_cast<int64_t>(std::stoll(found[2]))
                             : ColumnOfLine(manifest.get_ref<const std::string&>(), line);
  }
  if (std::regex_search(message, found, kPath)) (*reply)["path"] = found[1].str();
}

ApiReply RefusedProbe(const ProbeOutcome& outcome, const Json& manifest) {
  const std::string message = PublicMessage(outcome.status);
  const bool config =
      outcome.out_of_memory ||
      (outcome.status.failed() && outcome.status.error().type == FailureType::kConfigError);
  if (!config) {
    const bool transient =
        outcome.status.failed() && outcome.status.error().type == FailureType::kTransientError;
    return {transient ? 503 : 500, Json{{"message", message}}};
  }
  const char* field = message.starts_with("streamName")           ? "streamName"
                      : message.starts_with("state")              ? "state"
                      : message.starts_with("the testing values") ? "testingValues"
                                                                  : "manifest";
  ApiReply reply = Unprocessable(field, message);
  Json body = *reply.body;
  AddPlace(message, manifest, &body);
  return {reply.status, std::move(body)};
}

/// One of those that run.
class RunningProbe {
 public:
  explicit RunningProbe(std::atomic<int>& running) : running_(running), place_(++running) {}
  ~RunningProbe() { --running_; }
  RunningProbe(const RunningProbe&) = delete;
  RunningProbe& operator=(const RunningProbe&) = delete;

  int place() const { return place_; }

 private:
  std::atomic<int>& running_;
  const int place_;
};

}  // namespace

BuilderProbe::Answer BuilderProbe::Run(BuilderTask task) const {
  const RunningProbe running(*running_);
  if (running.place() > kAtOnceMax) {
    return {ApiReply{503, Json{{"message",
                                fmt::format("{} manifests are being tried out: try again when one "
                                            "is done",
                                            kAtOnceMax)}}},
            {}};
  }
  Json config = WithManifest(*task.testing_values, *task.manifest, {});
  config[kRequestKey] = *task.request;
  StartDocument start;
  start.task = task.name;
  start.source = ConnectorConfig{"source-declarative-manifest", std::move(config), {}};
  const auto ran = services_.probes.Run(std::move(start), {}, kBuilderProbeLimit, task.keep_config);
  if (!ran.ok()) return {Failure(ran.status()), {}};
  const ProbeOutcome& outcome = *ran;
  if (!outcome.status.ok()) return {RefusedProbe(outcome, *task.manifest), {}};
  return {std::nullopt, outcome.result};
}

}  // namespace millrace
