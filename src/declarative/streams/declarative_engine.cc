#include "declarative/streams/declarative_engine.h"

#include <algorithm>
#include <utility>

#include "declarative/streams/concurrent_read.h"
#include "declarative/streams/manifest_streams.h"
#include "declarative/streams/stream_check.h"

namespace millrace {
namespace {

constexpr int kThreadsWithoutLevel = 2;
/// Of a manifest that asks for more.
constexpr int kThreadsMax = 256;
constexpr int kJobsMax = 1'000;

HttpApiTransportOptions TransportOptions(const DeclarativeEngineOptions& options) {
  HttpApiTransportOptions made = HttpApiTransportOptions::Of(ProcessEnvironment());
  if (options.body_bytes_max > 0) made.body_bytes_max = options.body_bytes_max;
  return made;
}

}  // namespace

DeclarativeEngine::DeclarativeEngine(Manifest manifest, ConfigRules rules, const Clock& clock,
                                     EngineMessages& messages,
                                     const DeclarativeEngineOptions& options)
    : manifest_(std::move(manifest)),
      rules_(std::move(rules)),
      messages_(messages),
      transport_(TransportOptions(options)) {
  environment_.clock = &clock;
  environment_.sleeper = &sleeper_;
  environment_.transport = &transport_;
  environment_.messages = &messages_;
  environment_.pages_max = options.pages_max;
  environment_.slices_max = options.slices_max;
  environment_.tries_once = options.tries_once;
  environment_.watch = options.watch;
}

Result<std::unique_ptr<DeclarativeEngine>> DeclarativeEngine::Open(
    Manifest manifest, ConfigRules rules, PyValue config, const Clock& clock,
    EngineMessages& messages, const DeclarativeEngineOptions& options) {
  std::unique_ptr<DeclarativeEngine> engine(
      new DeclarativeEngine(std::move(manifest), std::move(rules), clock, messages, options));
  engine->environment_.config = std::move(config);
  const Component root = engine->manifest_.root();
  if (root.Has("stream_groups")) {
    return root.FieldError("stream_groups", "this version can't keep streams apart");
  }
  MR_ASSIGN_OR_RETURN(const auto budget, root.ChildIf("api_budget"));
  if (budget) {
    MR_ASSIGN_OR_RETURN(engine->resources_.budget, ApiBudget::Make(*budget, engine->environment_));
  }
  MR_ASSIGN_OR_RETURN(const int jobs, engine->ConcurrentJobs());
  engine->jobs_.emplace(jobs);
  return engine;
}

StreamBuilder& DeclarativeEngine::MakeBuilder(States states, std::optional<Configured> configured) {
  builder_ = std::make_unique<StreamBuilder>(environment_, resources_, *jobs_, std::move(states),
                                             std::move(configured));
  return *builder_;
}

MakeComponentsRetriever DeclarativeEngine::ComponentsRetrieverMaker() {
  return [this](const Component& retriever, const std::string& name) {
    return builder_->BuildComponentsRetriever(retriever, name);
  };
}

Status DeclarativeEngine::Check(std::stop_token stop) {
  if (const Status valid = rules_.Validate(environment_.config, *environment_.clock); !valid.ok()) {
    return ConfigError("the configuration is not valid: {}", valid.ToString());
  }
  StreamBuilder& builder = MakeBuilder({}, std::nullopt);
  MR_ASSIGN_OR_RETURN(const Component check, manifest_.root().Child("check"));
  if (check.Has("config_overrides")) {
    return check.FieldError("config_overrides", "this version doesn't know it");
  }
  CheckedStreams streams;
  streams.static_streams = [this] { return StaticStreams(manifest_.root(), environment_); };
  streams.dynamic_streams = [this, &stop] {
    return DynamicStreams(manifest_.root(), environment_, ComponentsRetrieverMaker(), stop);
  };
  streams.build = [&builder](const StreamDescription& stream) {
    return builder.Build(stream.component);
  };
  return CheckStreams(check, environment_, streams, stop);
}

Result<std::vector<std::unique_ptr<DeclarativeStream>>> DeclarativeEngine::BuildAll(
    std::stop_token stop) {
  MR_RETURN_IF_ERROR(rules_.Validate(environment_.config, *environment_.clock));
  MR_ASSIGN_OR_RETURN(std::vector<StreamDescription> all,
                      StaticStreams(manifest_.root(), environment_));
  MR_ASSIGN_OR_RETURN(
      std::vector<StreamDescription> dynamic,
      DynamicStreams(manifest_.root(), environment_, ComponentsRetrieverMaker(), std::move(stop)));
  std::move(dynamic.begin(), dynamic.end(), std::back_inserter(all));
  std::vector<StreamDescription> cached = all;
  CacheParentStreams(all, &cached);
  std::vector<std::unique_ptr<DeclarativeStream>> streams;
  for (const StreamDescription& description : cached) {
    MR_ASSIGN_OR_RETURN(streams.emplace_back(), builder_->Build(description.component));
  }
  return streams;
}

Result<PyList> DeclarativeEngine::Discover(std::stop_token stop) {
  MakeBuilder({}, std::nullopt);
  MR_ASSIGN_OR_RETURN(const auto streams, BuildAll(stop));
  PyList shown;
  for (const auto& stream : streams) {
    MR_ASSIGN_OR_RETURN(shown.emplace_back(), stream->AsAirbyteStream(stop));
  }
  return shown;
}

Status DeclarativeEngine::Sample(std::string_view stream, const DeclarativeSampleLimits& limits,
                                 RecordConsumer& consumer, std::stop_token stop) {
  environment_.pages_max = limits.pages_max;
  MakeBuilder({}, std::nullopt);
  MR_ASSIGN_OR_RETURN(const auto streams, BuildAll(stop));
  const auto found = std::find_if(streams.begin(), streams.end(),
                                  [&](const auto& each) { return each->name() == stream; });
  if (found == streams.end()) return SystemError("the manifest has no stream {}", stream);
  int slices = 0;
  Status read;
  const Status cut = (*found)->slicer().Slices(
      [&](StreamSlice slice) {
        read = (*found)->ReadSlice(slice, consumer, stop);
        return read.ok() && consumer.wants_more() && ++slices < limits.slices_max;
      },
      stop);
  environment_.pages_max = 0;
  return read.ok() ? cut : read;
}

Result<std::vector<std::unique_ptr<DeclarativeStream>>> DeclarativeEngine::BuildFor(
    const DeclarativeRead& read, std::stop_token stop) {
  MakeBuilder(read.states, read.configured);
  return BuildAll(std::move(stop));
}

Result<std::vector<StreamDescription>> DeclarativeEngine::ResolveDynamicStreams(
    std::stop_token stop) {
  MakeBuilder({}, std::nullopt);
  return DynamicStreams(manifest_.root(), environment_, ComponentsRetrieverMaker(),
                        std::move(stop));
}

Result<int> DeclarativeEngine::ConcurrentJobs() const {
  const Component root = manifest_.root();
  if (!root.Has("max_concurrent_async_job_count")) return 1;
  MR_ASSIGN_OR_RETURN(const InterpolatedString wanted,
                      root.Template("max_concurrent_async_job_count"));
  const InterpolationContext context(*environment_.clock, environment_.config);
  const Result<PyValue> jobs = wanted.Evaluate(context);
  // As the CDK: what can't be read counts as one.
  if (!jobs.ok() || !jobs->is_int()) return 1;
  return static_cast<int>(std::clamp<int64_t>(jobs->as_int(), 1, kJobsMax));
}

Result<int> DeclarativeEngine::Threads() const {
  MR_ASSIGN_OR_RETURN(const auto level, manifest_.root().ChildIf("concurrency_level"));
  if (!level) return kThreadsWithoutLevel;
  MR_ASSIGN_OR_RETURN(const InterpolatedString wanted, level->Template("default_concurrency"));
  const InterpolationContext context(*environment_.clock, environment_.config);
  MR_ASSIGN_OR_RETURN(const PyValue threads, wanted.Evaluate(context));
  if (!threads.is_int()) {
    return level->FieldError("default_concurrency", "it comes to no whole number");
  }
  MR_ASSIGN_OR_RETURN(const int64_t most, level->IntOr("max_concurrency", kThreadsMax));
  return static_cast<int>(
      std::clamp<int64_t>(threads.as_int(), 1, std::min<int64_t>(most, kThreadsMax)));
}

Result<std::string> DeclarativeEngine::Read(const DeclarativeRead& read, RecordOutput& output,
                                            std::stop_token stop) {
  MakeBuilder(read.states, read.configured);
  MR_ASSIGN_OR_RETURN(const int threads, Threads());
  MR_ASSIGN_OR_RETURN(const auto all, BuildAll(stop));
  std::vector<const DeclarativeStream*> streams;
  for (const std::string& name : read.streams) {
    // Of several streams of one name the last counts, as in the CDK.
    const auto found = std::find_if(all.rbegin(), all.rend(),
                                    [&](const auto& stream) { return stream->name() == name; });
    if (found == all.rend()) {
      MR_RETURN_IF_ERROR(output.Missing(name));
    } else {
      streams.push_back(found->get());
    }
  }
  if (streams.empty()) return std::string();
  return ConcurrentRead(std::move(streams), threads, output, std::move(stop)).Run();
}

}  // namespace millrace
