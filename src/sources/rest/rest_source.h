#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/json.h"
#include "connector/source.h"
#include "sources/rest/rest_manifest.h"
#include "sources/rest/sampled_schema.h"

namespace millrace {

/// Stores what the configuration is from now on, when a token of it was rotated; durable when it
/// returns ok.
using KeepRestConfig = std::function<Status(const Json& before, const Json& config)>;

/// Any API that answers with records: its endpoints are the streams. Runs as the low-code manifest
/// that the configuration becomes (RestManifest).
class RestSource final : public Source {
 public:
  /// Records of an endpoint that a discovery looks at.
  static constexpr int64_t kSampledRecords = 1'000;

  RestSource(Json config, std::vector<RestEndpoint> endpoints, KeepRestConfig keep);
  ~RestSource() override;

  /// One request, to the first endpoint that is nobody's child: it must answer, with something
  /// where the configuration says the records are.
  Status Check() override;
  /// Reads the first records of each endpoint whose schema the configuration doesn't say.
  Result<Catalog> Discover() override;
  /// Columns are the configured catalog's: a sync's tables don't change with what an API sends.
  Status Read(const ConfiguredCatalog& catalog, const State& resume_from, SourceOutput& output,
              std::stop_token stop) override;

 private:
  class Messages;
  class Engine;

  Result<Json> SchemaOf(const RestEndpoint& endpoint, Engine& sample);
  /// A config error when the endpoint's reply has nothing at its record_path.
  Status ProbeRecordPath(const RestEndpoint& endpoint);

  const std::vector<RestEndpoint> endpoints_;
  std::mutex mutex_;
  JsonValue config_;  // guarded by mutex_
  const KeepRestConfig keep_;
  const std::unique_ptr<Messages> messages_;
};

/// The entry of cli/builtin_connectors.cc, which keeps no tokens.
Result<std::unique_ptr<Source>> MakeRestSource(const Json& config);
/// The same with somebody who keeps them. Empty: nobody.
Result<std::unique_ptr<Source>> MakeRestSource(const Json& config, KeepRestConfig keep);

}  // namespace millrace
