#include "cli/attempt/builder_tasks.h"

#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "base/interruptible_sleep.h"
#include "catalogue/connector_resolver.h"
#include "cli/attempt/builder_request.h"
#include "cli/attempt/channel_failure.h"
#include "cli/attempt/config_keeper.h"
#include "cli/attempt/manifest_source.h"
#include "declarative/builder/builder_read.h"
#include "declarative/jinja/py_json.h"
#include "declarative/manifest/builder_manifest.h"

namespace millrace {
namespace {

constexpr const char* kBuilderManifestKey = "__injected_declarative_manifest";
constexpr std::chrono::seconds kReadSecondsMax{60};
/// Of a reply: a builder looks at a page, it doesn't copy.
constexpr int64_t kReplyBytesMax = 32 << 20;

/// A manifest as the builder sent it.
Result<PyValue> WrittenManifest(const Json& manifest) {
  if (manifest.is_string()) return ReadManifestText(manifest.get_ref<const std::string&>());
  return ParsePyJson(manifest.dump(-1, ' ', false, Json::error_handler_t::replace));
}

/// Both forms of the manifest, or what is wrong with it: with lines, where it came as text.
Result<Json> ResolvedManifest(const Json& manifest) {
  MR_ASSIGN_OR_RETURN(const PyValue written, WrittenManifest(manifest));
  MR_ASSIGN_OR_RETURN(Json plain, JsonOf(written));
  if (const std::string needs = NeedsInterpreter(plain); !needs.empty()) {
    return ConfigError(
        "the manifest has {}: what needs Python or files is not run by the builder; leave it out, "
        "or publish the manifest where source-declarative-manifest is installed",
        needs);
  }
  Result<PyValue> resolved = manifest.is_string()
                                 ? ResolveTextForBuilder(manifest.get_ref<const std::string&>())
                                 : ResolveForBuilder(written);
  MR_RETURN_IF_ERROR(resolved.status());
  MR_ASSIGN_OR_RETURN(Json tree, JsonOf(*resolved));
  return Json{{"manifest", std::move(tree)}, {"written", std::move(plain)}};
}

/// What the engine tells a builder. Log lines of a read go into its journal.
class BuilderMessages final : public EngineMessages {
 public:
  BuilderMessages(Json given, KeepConfig keep, ReadJournal* journal)
      : config_(std::move(given)), keep_(std::move(keep)), journal_(journal) {}

  void Log(LogLevel level, std::string_view text) override {
    if (journal_ != nullptr) return journal_->Log(level, text);
    millrace::Log(level, "{}", text);
  }
  void Failure(const Error& error) override {
    if (journal_ != nullptr) journal_->Failed(error);
  }
  void RateLimited(std::string_view) override {}
  Status ConfigChanged(const PyValue& config) override {
    MR_ASSIGN_OR_RETURN(Json changed, JsonOf(config));
    const JsonValue was = std::exchange(config_, JsonValue(changed));
    if (journal_ != nullptr) journal_->ConfigChanged(changed);
    return *was == changed ? Status::Ok() : keep_({"source", was, JsonValue(std::move(changed))});
  }

 private:
  JsonValue config_;
  const KeepConfig keep_;
  ReadJournal* const journal_;
};

/// A manifest at work for a builder. Members are used in this order.
struct BuilderEngine {
  std::unique_ptr<BuilderMessages> messages;
  std::unique_ptr<DeclarativeEngine> engine;
};

Result<BuilderEngine> OpenForBuilder(const Json& config, const BuilderRequest& request,
                                     ReadJournal* journal, AttemptChannel& channel) {
  MR_ASSIGN_OR_RETURN(LoadedManifest loaded, LoadManifestOf(config));
  Json given = config;
  given.erase(kBuilderManifestKey);
  BuilderEngine opened;
  opened.messages =
      std::make_unique<BuilderMessages>(std::move(given), ParentKeeps(channel), journal);
  MR_ASSIGN_OR_RETURN(const RuledConfig ruled, ApplyConfigRules(loaded));
  if (ruled.migrated) MR_RETURN_IF_ERROR(opened.messages->ConfigChanged(*ruled.migrated));
  if (const Status fits = FitManifestConfig(loaded.manifest, ruled.effective); !fits.ok()) {
    return fits.WithContext("the testing values");
  }
  DeclarativeEngineOptions options;
  options.watch = journal;
  options.pages_max = request.limits.pages;
  options.slices_max = request.limits.slices;
  options.tries_once = true;
  options.body_bytes_max = kReplyBytesMax;
  MR_ASSIGN_OR_RETURN(
      opened.engine,
      DeclarativeEngine::Open(std::move(loaded.manifest), std::move(loaded.rules), ruled.effective,
                              Clock::System(), *opened.messages, options));
  return opened;
}

/// Stops when the read has taken long enough, or when the attempt is to stop.
class ReadDeadline {
 public:
  ReadDeadline(AttemptStop& stop)
      : on_stop_(stop.cancel_token(), [this] { source_.request_stop(); }),
        clock_([this](const std::stop_token& done) {
          if (InterruptibleSleep(kReadSecondsMax, done)) source_.request_stop();
        }) {}

  std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
  std::stop_callback<std::function<void()>> on_stop_;
  std::jthread clock_;
};

Result<Json> ReadStream(const StartDocument& start, AttemptChannel& channel, AttemptStop& stop) {
  Json config = *start.source->config;
  MR_ASSIGN_OR_RETURN(const BuilderRequest request, TakeBuilderRequest(&config));
  MR_RETURN_IF_ERROR(ResolvedManifest(config.value(kBuilderManifestKey, Json())).status());
  ReadJournal journal(request.stream, request.limits);
  MR_ASSIGN_OR_RETURN(const BuilderEngine opened,
                      OpenForBuilder(config, request, &journal, channel));
  DeclarativeRead read;
  read.streams = {request.stream};
  read.configured[request.stream] = {};
  read.states = request.states;
  const ReadDeadline deadline(stop);
  auto required = ReadForBuilder(*opened.engine, read, request.limits, journal, deadline.token());
  if (!required.ok() && !required.status().canceled()) return required.status();
  if (deadline.token().stop_requested()) {
    journal.Failed({FailureType::kTransientError,
                    fmt::format("the reading was given up after {} seconds: this is what was read "
                                "by then",
                                kReadSecondsMax.count()),
                    {},
                    {}});
  }
  return journal.Finish(required.ok() ? *required : std::vector<std::string>());
}

Result<Json> FullResolve(const StartDocument& start, AttemptChannel& channel, AttemptStop& stop) {
  Json config = *start.source->config;
  MR_ASSIGN_OR_RETURN(const BuilderRequest request, TakeBuilderRequest(&config));
  MR_ASSIGN_OR_RETURN(Json answer, ResolvedManifest(config.value(kBuilderManifestKey, Json())));
  Json& manifest = answer["manifest"];
  if (!manifest.contains("streams")) manifest["streams"] = Json::array();
  Json& streams = manifest["streams"];
  for (Json& stream : streams) stream["dynamic_stream_name"] = nullptr;
  if (!manifest.contains("dynamic_streams")) return answer;
  MR_ASSIGN_OR_RETURN(const BuilderEngine opened,
                      OpenForBuilder(config, request, nullptr, channel));
  const ReadDeadline deadline(stop);
  MR_ASSIGN_OR_RETURN(const auto found, opened.engine->ResolveDynamicStreams(deadline.token()));
  std::map<std::string, int> counts;
  for (const StreamDescription& stream : found) {
    if (++counts[stream.dynamic_stream] > request.streams_max) continue;
    MR_ASSIGN_OR_RETURN(Json shown, JsonOf(stream.component.node()));
    shown["dynamic_stream_name"] = stream.dynamic_stream;
    streams.push_back(std::move(shown));
  }
  return answer;
}

int TellAnswer(AttemptChannel& channel, Result<Json> answer) {
  if (!answer.ok()) return TellFailure(channel, answer.status(), /*before_contact=*/false);
  return channel.TellLast({{"type", "RESULT"}, {"result", *std::move(answer)}}).ok() ? 0 : 1;
}

}  // namespace

int RunResolveManifestTask(const StartDocument& start, AttemptChannel& channel) {
  return TellAnswer(channel,
                    ResolvedManifest(start.source->config->value(kBuilderManifestKey, Json())));
}

int RunFullResolveManifestTask(const StartDocument& start, AttemptChannel& channel,
                               AttemptStop& stop) {
  return TellAnswer(channel, FullResolve(start, channel, stop));
}

int RunReadStreamTask(const StartDocument& start, AttemptChannel& channel, AttemptStop& stop) {
  return TellAnswer(channel, ReadStream(start, channel, stop));
}

}  // namespace millrace
