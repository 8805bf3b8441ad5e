#pragma once

#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "declarative/manifest/config_rules.h"
#include "declarative/manifest/engine_environment.h"
#include "declarative/manifest/manifest.h"
#include "declarative/requests/api_resources.h"
#include "declarative/requests/http_api_transport.h"
#include "declarative/requests/system_sleeper.h"
#include "declarative/streams/declarative_stream.h"
#include "declarative/streams/manifest_streams.h"
#include "declarative/streams/record_consumer.h"
#include "declarative/streams/record_output.h"
#include "declarative/streams/stream_builder.h"

namespace millrace {

/// What a read is asked for.
struct DeclarativeRead {
  std::vector<std::string> streams;  ///< in the catalog's order
  std::map<std::string, ConfiguredDeclarativeStream> configured;
  std::map<std::string, PyValue> states;  ///< by stream; dicts
};

/// Bounds of a sample of one stream.
struct DeclarativeSampleLimits {
  int slices_max = 20;
  int pages_max = 10;  ///< of a slice, also of the parents that it comes from
};

/// What a connector builder's reading has that others haven't.
struct DeclarativeEngineOptions {
  ExchangeWatch* watch = nullptr;  ///< borrowed
  int pages_max = 0, slices_max = 0;
  bool tries_once = false;
  int64_t body_bytes_max = 0;  ///< of a reply; 0: the transport's own
};

/// A manifest at work for one configuration: what a check, a discovery and a read have in common.
/// Methods are called from one thread, one at a time.
class DeclarativeEngine {
 public:
  /// `config` is what the manifest's config rules made of the user's. Contacts nothing. `messages`
  /// and `clock` are borrowed.
  static Result<std::unique_ptr<DeclarativeEngine>> Open(
      Manifest manifest, ConfigRules rules, PyValue config, const Clock& clock,
      EngineMessages& messages, const DeclarativeEngineOptions& options = {});

  /// From now on a reply that is no JSON fails its stream with a config error (the CDK takes it for
  /// an empty object). For manifests that name their decoders.
  void FailOnWrongReplies() { environment_.wrong_replies_fail = true; }

  /// Ok: the streams that the manifest checks can be read. A config error says which can't.
  Status Check(std::stop_token stop);
  /// AirbyteStreams, as JSON's values.
  Result<PyList> Discover(std::stop_token stop);
  /// Hands over the first records of a stream until the consumer wants no more, or the limits are
  /// reached. A failure of the API is one with its own failure type; a system error: the manifest
  /// has no such stream.
  Status Sample(std::string_view stream, const DeclarativeSampleLimits& limits,
                RecordConsumer& consumer, std::stop_token stop);
  /// Blocks until all streams have ended. See ConcurrentRead for what it returns. Streams that the
  /// manifest doesn't have are told to the output as such.
  Result<std::string> Read(const DeclarativeRead& read, RecordOutput& output, std::stop_token stop);

  /// Every stream, the dynamic ones included, built for a read that the caller does; used until
  /// the next call.
  Result<std::vector<std::unique_ptr<DeclarativeStream>>> BuildFor(const DeclarativeRead& read,
                                                                   std::stop_token stop);
  /// The streams that the manifest's dynamic streams come to; may ask the API.
  Result<std::vector<StreamDescription>> ResolveDynamicStreams(std::stop_token stop);

 private:
  DeclarativeEngine(Manifest manifest, ConfigRules rules, const Clock& clock,
                    EngineMessages& messages, const DeclarativeEngineOptions& options);

  using States = std::map<std::string, PyValue>;
  using Configured = std::map<std::string, ConfiguredDeclarativeStream>;
  StreamBuilder& MakeBuilder(States states, std::optional<Configured> configured);
  MakeComponentsRetriever ComponentsRetrieverMaker();
  /// Every stream, the dynamic ones included, built.
  Result<std::vector<std::unique_ptr<DeclarativeStream>>> BuildAll(std::stop_token stop);
  Result<int> Threads() const;
  Result<int> ConcurrentJobs() const;

  const Manifest manifest_;
  const ConfigRules rules_;
  EngineMessages& messages_;
  SystemSleeper sleeper_;
  HttpApiTransport transport_;
  EngineEnvironment environment_;
  ApiResources resources_;
  std::optional<AsyncJobBudget> jobs_;
  std::unique_ptr<StreamBuilder> builder_;
};

}  // namespace millrace
