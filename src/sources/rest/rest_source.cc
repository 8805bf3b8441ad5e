#include "sources/rest/rest_source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/log.h"
#include "base/nearest_names.h"
#include "declarative/jinja/py_json.h"
#include "declarative/records/raw_records.h"
#include "declarative/records/record_json.h"
#include "declarative/slices/state_in.h"
#include "declarative/streams/column_output.h"
#include "declarative/streams/declarative_engine.h"
#include "declarative/streams/declarative_source.h"

namespace millrace {
namespace {

Result<PyValue> PyOfJson(const Json& json) {
  return ParsePyJson(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

/// Looks at a number of records.
class SchemaSampler final : public RecordConsumer {
 public:
  Status Take(DeclarativeRecord record) override {
    MR_ASSIGN_OR_RETURN(const PyValue whole, WholeRecord(record));
    schema.Add(whole);
    ++taken_;
    return Status::Ok();
  }
  bool wants_more() const override { return taken_ < RestSource::kSampledRecords; }

  SampledSchema schema;

 private:
  int64_t taken_ = 0;
};

/// Keeps the first record.
class FirstValue final : public RecordConsumer {
 public:
  Status Take(DeclarativeRecord record) override {
    MR_ASSIGN_OR_RETURN(value, WholeRecord(record));
    return Status::Ok();
  }
  bool wants_more() const override { return !value; }

  std::optional<PyValue> value;
};

Status InEndpoint(const RestEndpoint& endpoint, const Status& status) {
  return status.WithContext(
      fmt::format("{} ({}, {})", endpoint.path, endpoint.name, endpoint.request));
}

/// The member of a reply that a step of a path names; null: it has none.
const PyValue* Member(const PyValue& value, const std::string& step) {
  if (!value.is_list()) return value.Find(step);
  size_t at = 0;
  const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), at);
  if (error != std::errc() || end != step.data() + step.size()) return nullptr;
  return at < value.items().size() ? &value.items()[at] : nullptr;
}

std::vector<std::string> MembersOf(const PyValue& value) {
  constexpr size_t kShownMax = 12;
  std::vector<std::string> names;
  if (!value.is_dict()) return names;
  for (const auto& [key, member] : value.dict()) {
    if (key.is_str() && names.size() < kShownMax) names.push_back(key.str());
  }
  return names;
}

/// Nothing: the reply has something at the path, or may have.
std::optional<std::string> MissingStep(const PyValue& reply, const std::vector<std::string>& path) {
  const PyValue* at = &reply;
  for (const std::string& step : path) {
    if (step.find_first_of("*?{") != std::string::npos) return std::nullopt;
    const PyValue* next = Member(*at, step);
    if (next == nullptr) {
      const std::vector<std::string> names = MembersOf(*at);
      if (names.empty()) return fmt::format("the reply has no '{}'", step);
      return fmt::format("the reply has no '{}'; what is there: {}{}", step, fmt::join(names, ", "),
                         DidYouMean(step, names, 1));
    }
    at = next;
  }
  return std::nullopt;
}

/// Fields of the user's own are for templates; one that no template names is a mistake.
void WarnOfUnusedFields(const Json& config) {
  static const std::vector<std::string> kKnown = {
      "url_base", "authentication", "endpoints",           "start_date", "headers",
      "params",   "pagination",     "requests_per_minute", "concurrency"};
  for (const auto& [key, value] : config.items()) {
    const bool known = std::find(kKnown.begin(), kKnown.end(), key) != kKnown.end();
    if (known || RestTemplatesName(config, key)) continue;
    Log(LogLevel::kWarn, "{} is no field of this connector, and no template names it{}", key,
        DidYouMean(key, kKnown, 1));
  }
}

}  // namespace

/// What the engine tells: log lines, and tokens to keep.
class RestSource::Messages final : public EngineMessages {
 public:
  explicit Messages(RestSource& source) : source_(source) {}

  void Log(LogLevel level, std::string_view text) override { millrace::Log(level, "{}", text); }
  Status ConfigChanged(const PyValue& config) override {
    std::string text;
    MR_RETURN_IF_ERROR(AppendPyJson(config, kCompactPyJson, &text));
    Json changed = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (changed.is_discarded()) return SystemError("a configuration that JSON can't hold");
    const std::lock_guard lock(source_.mutex_);
    if (*source_.config_ == changed) return Status::Ok();
    const JsonValue before = std::exchange(source_.config_, JsonValue(changed));
    return source_.keep_ ? source_.keep_(*before, changed) : Status::Ok();
  }
  void RateLimited(std::string_view stream) override {
    millrace::Log(LogLevel::kInfo, "{}: the API asks for a slower pace", stream);
  }

 private:
  RestSource& source_;
};

/// An engine for one purpose.
class RestSource::Engine {
 public:
  static Result<Engine> Open(const Json& config, RestPurpose purpose, EngineMessages& messages) {
    MR_ASSIGN_OR_RETURN(const Json written, RestManifest(config, purpose));
    MR_ASSIGN_OR_RETURN(const PyValue tree, PyOfJson(written));
    MR_ASSIGN_OR_RETURN(Manifest manifest, LoadManifestValue(tree));
    MR_ASSIGN_OR_RETURN(ConfigRules rules, ConfigRules::Make(manifest));
    MR_ASSIGN_OR_RETURN(PyValue values, PyOfJson(config));
    Engine made;
    MR_ASSIGN_OR_RETURN(made.engine_,
                        DeclarativeEngine::Open(std::move(manifest), std::move(rules),
                                                std::move(values), Clock::System(), messages));
    made.engine_->FailOnWrongReplies();
    return made;
  }
  DeclarativeEngine* operator->() const { return engine_.get(); }

 private:
  std::unique_ptr<DeclarativeEngine> engine_;
};

RestSource::RestSource(Json config, std::vector<RestEndpoint> endpoints, KeepRestConfig keep)
    : endpoints_(std::move(endpoints)),
      config_(JsonValue(std::move(config))),
      keep_(std::move(keep)),
      messages_(std::make_unique<Messages>(*this)) {}

RestSource::~RestSource() = default;

Status RestSource::ProbeRecordPath(const RestEndpoint& endpoint) {
  MR_ASSIGN_OR_RETURN(const Engine probe, Engine::Open(*config_, RestPurpose::kProbe, *messages_));
  FirstValue first;
  const DeclarativeSampleLimits one = {.slices_max = 1, .pages_max = 1};
  const Status read = probe->Sample(endpoint.name, one, first, {});
  if (!read.ok()) return InEndpoint(endpoint, read);
  if (!first.value || endpoint.record_path.empty()) return Status::Ok();
  const auto missing = MissingStep(*first.value, endpoint.record_path);
  if (!missing) return Status::Ok();
  return ConfigError("{}.record_path is {}, and {}", endpoint.path,
                     fmt::join(endpoint.record_path, "."), *missing);
}

Status RestSource::Check() {
  for (const RestEndpoint& endpoint : endpoints_) {
    if (endpoint.is_child) continue;
    const Status probed = ProbeRecordPath(endpoint);
    if (probed.ok() || !probed.failed()) return probed;
    // Whatever the API says about it, it is the configuration that a check is about.
    return probed.error().type == FailureType::kSystemError
               ? ConfigError("{}", probed.error().message)
               : probed;
  }
  return ConfigError("endpoints: each is another one's child; one of them must stand alone");
}

Result<Json> RestSource::SchemaOf(const RestEndpoint& endpoint, Engine& sample) {
  if (endpoint.schema) return **endpoint.schema;
  SchemaSampler sampler;
  const Status read = sample->Sample(endpoint.name, {}, sampler, {});
  if (!read.ok()) return InEndpoint(endpoint, read);
  if (sampler.schema.rows() == 0) {
    const Status probed = endpoint.is_child ? Status::Ok() : ProbeRecordPath(endpoint);
    Log(LogLevel::kWarn,
        "{} ({}) has no records now, so its columns are not known: {}discover again when it has "
        "some, or say its schema in {}.schema",
        endpoint.path, endpoint.name, probed.ok() ? "" : probed.ToString() + "; ", endpoint.path);
  }
  return sampler.schema.Schema(endpoint.columns);
}

Result<Catalog> RestSource::Discover() {
  MR_ASSIGN_OR_RETURN(Engine sample, Engine::Open(*config_, RestPurpose::kSample, *messages_));
  MR_ASSIGN_OR_RETURN(const PyList streams, sample->Discover({}));
  std::string text = R"({"streams":)";
  AppendRecordJson(PyValue::List(streams), &text);
  Json catalog = Json::parse(text + "}", nullptr, /*allow_exceptions=*/false);
  if (catalog.is_discarded()) return SystemError("the streams of the API are no JSON");
  for (size_t i = 0; i < endpoints_.size(); ++i) {
    MR_ASSIGN_OR_RETURN(catalog["streams"][i]["json_schema"], SchemaOf(endpoints_[i], sample));
  }
  return CatalogFromJson(catalog);
}

Status RestSource::Read(const ConfiguredCatalog& catalog, const State& resume_from,
                        SourceOutput& output, std::stop_token stop) {
  MR_ASSIGN_OR_RETURN(const Engine engine, Engine::Open(*config_, RestPurpose::kRead, *messages_));
  MR_ASSIGN_OR_RETURN(auto states, StatesByStream(resume_from));
  ConfiguredCatalog as_text = catalog;
  for (ConfiguredStream& stream : as_text.streams) {
    // The engine goes by the state alone: a full refresh from the start has none.
    if (!stream.continues()) states.erase(stream.descriptor().name);
    stream.stream.json_schema = JsonValue(WithTextObjects(*stream.stream.json_schema));
  }
  MR_ASSIGN_OR_RETURN(const DeclarativeRead read, DeclarativeReadOf(as_text, std::move(states)));
  ColumnOutput columns(as_text, /*keep_undeclared=*/false, output, Clock::System());
  // What failed was told stream by stream.
  return engine->Read(read, columns, std::move(stop)).status();
}

Result<std::unique_ptr<Source>> MakeRestSource(const Json& config, KeepRestConfig keep) {
  // Finds what is wrong with it.
  MR_RETURN_IF_ERROR(RestManifest(config).status());
  WarnOfUnusedFields(config);
  MR_ASSIGN_OR_RETURN(auto endpoints, RestEndpoints(config));
  return std::make_unique<RestSource>(config, std::move(endpoints), std::move(keep));
}

Result<std::unique_ptr<Source>> MakeRestSource(const Json& config) {
  return MakeRestSource(config, {});
}

}  // namespace millrace
