#include "server/worker_host.h"

#include <charconv>
#include <cstdlib>
#include <string_view>

#include "base/log.h"
#include "control/jobs/lease_span.h"

namespace millrace {
namespace {

/// A database of many thousand tables takes minutes.
constexpr std::chrono::seconds kDiscoveryLimit = std::chrono::minutes(30);

/// A whole number of the environment, 0 when it isn't there.
Result<int> NumberFromEnvironment(const char* name) {
  const char* const text = std::getenv(name);
  if (text == nullptr || *text == '\0') return 0;
  const std::string_view all(text);
  int number = 0;
  const auto [end, error] = std::from_chars(all.data(), all.data() + all.size(), number);
  if (error == std::errc() && end == all.data() + all.size() && number > 0) return number;
  return ConfigError("{} must be a whole number, 1 or greater", name);
}

}  // namespace

Result<std::unique_ptr<WorkerHost>> WorkerHost::Start(const Stores& stores,
                                                      const std::filesystem::path& data_dir) {
  JobWorker::Options options;
  options.data_dir = data_dir;
  MR_ASSIGN_OR_RETURN(options.attempts_max, NumberFromEnvironment("MAX_SYNC_WORKERS"));
  MR_ASSIGN_OR_RETURN(options.per_source_max,
                      NumberFromEnvironment("MILLRACE_MAX_JOBS_PER_SOURCE"));
  MR_ASSIGN_OR_RETURN(const int silence, NumberFromEnvironment("MILLRACE_SOURCE_SILENCE_SECONDS"));
  if (silence > 0) options.silence.source = std::chrono::seconds(silence);
  MR_ASSIGN_OR_RETURN(const int timeout,
                      NumberFromEnvironment("MILLRACE_DESTINATION_TIMEOUT_SECONDS"));
  if (timeout > 0) options.silence.destination = std::chrono::seconds(timeout);
  options.resources = stores.resources;
  MR_ASSIGN_OR_RETURN(const int lease, NumberFromEnvironment("MILLRACE_LEASE_SECONDS"));
  if (lease > 0) options.lease = std::chrono::seconds(lease);
  if (options.lease < kLeaseSpanLeast || options.lease > kLeaseSpanMost) {
    return ConfigError("MILLRACE_LEASE_SECONDS must lie between {} and {}", kLeaseSpanLeast.count(),
                       kLeaseSpanMost.count());
  }

  std::unique_ptr<WorkerHost> host(new WorkerHost(stores));
  MR_ASSIGN_OR_RETURN(const AttemptHttps https, CompleteAttemptHttps(stores.attempt_https));
  MR_ASSIGN_OR_RETURN(host->launcher_,
                      AttemptLauncher::Open({data_dir, stores.rules, stores.attempt_program,
                                             https.url, https.ca_bundle},
                                            stores.limits));
  if (https.enabled()) {
    MR_ASSIGN_OR_RETURN(
        host->endpoint_,
        AttemptEndpoint::Start(
            {https.listen, https.tls_certificate_file, https.tls_key_file},
            [launcher = host->launcher_.get()](const AttemptId& id, const std::string& token) {
              return launcher->Admit(id, token);
            }));
    Log(LogLevel::kInfo, "attempts talk HTTPS: they call {}", https.url);
  }
  Log(LogLevel::kInfo, "limits: {}", stores.limits.InWords());
  const JobWorker::Parts parts{stores.database, stores.box,   stores.definitions,
                               Clock::System(), stores.jobs,  *host->launcher_,
                               stores.logs,     stores.moved, &host->schemas_};
  MR_ASSIGN_OR_RETURN(host->worker_, JobWorker::Start(parts, options));
  stores.jobs.set_listener([worker = host->worker_.get()] { worker->Wake(); });
  return host;
}

Definitions DefinitionsOf(const std::filesystem::path& data_dir, bool allow_custom_commands) {
  const Environment environment = ProcessEnvironment();
  const std::filesystem::path folder = std::filesystem::absolute(data_dir);
  const Catalogue& catalogue = Catalogue::Embedded();
  return {catalogue,
          ConnectorResolver(catalogue, InstalledConnectors::Of(environment, folder), environment),
          {folder, allow_custom_commands}};
}

WorkerHost::WorkerHost(const Stores& stores)
    : jobs_(stores.jobs),
      schemas_(
          stores.database, stores.box, stores.definitions, Clock::System(),
          [&probes = stores.probes, stop = stop_.get_token()](
              const StartDocument& start, const EndResources& said, const KeepConfig& keep_config) {
            return probes.Run(start, said, kDiscoveryLimit, keep_config, stop);
          }) {}

WorkerHost::~WorkerHost() {
  stop_.request_stop();
  jobs_.set_listener({});
}

void WorkerHost::Stop(std::chrono::milliseconds limit) {
  stop_.request_stop();
  worker_->Stop(limit);
}

}  // namespace millrace
