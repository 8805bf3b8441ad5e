#include "server/millrace_server.h"

#include <algorithm>
#include <atomic>
#include <optional>

#include "base/log.h"
#include "base/secrets.h"
#include "control/identity/application_access.h"
#include "control/identity/sign_in.h"
#include "control/logs/attempt_logs.h"
#include "control/retention/retention_schedule.h"
#include "control/secrets/secret_box.h"
#include "control/store/sql_database.h"
#include "server/config_api/config_api.h"
#include "server/config_api/workspace_calls.h"
#include "server/http/error_document.h"
#include "server/http/http_server.h"
#include "server/identity/first_password.h"
#include "server/identity/identity_api.h"
#include "server/identity/request_gate.h"
#include "server/identity/request_origin.h"
#include "server/logs/log_api.h"
#include "server/metrics/server_metrics.h"
#include "server/openapi/openapi_document.h"
#include "server/public_api/public_api.h"
#include "server/server_stores.h"
#include "server/worker_host.h"

namespace millrace {
namespace {

constexpr const char* kWelcome = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Millrace</title></head>
<body style="font-family: system-ui, sans-serif; max-width: 40rem; margin: 4rem auto">
<h1>Millrace is running</h1>
<p>The API is at <a href="/api/v1/health">/api/v1</a>. There is no user interface in this version.</p>
</body></html>
)";

/// A warning for whoever opens the server to others, and whether that was done.
bool ListensOnLoopbackOnly(const ServerOptions& options) {
  const bool loopback = std::ranges::all_of(
      options.listen, [](const std::string& address) { return IsLoopbackAddress(address); });
  if (!loopback && options.tls_certificate_file.empty()) {
    Log(LogLevel::kWarn,
        "passwords and data travel in the clear: give --tls-cert and --tls-key, or let others come "
        "through a proxy with TLS");
  }
  return loopback;
}

/// What connectors may touch on this server.
ConnectorRules RulesOf(const ServerOptions& options) {
  const auto files_dir = options.files_dir.empty() ? options.data_dir / "files" : options.files_dir;
  return {.files_dir = files_dir.string(), .allow_link_local = options.allow_link_local};
}

class Server : public MillraceServer {
 public:
  Server(const ServerOptions& options, ServerStores stores, std::vector<std::string> public_names)
      : lock_(std::move(stores.lock)),
        database_(std::move(stores.database)),
        box_(std::move(stores.box)),
        logs_(std::move(stores.logs)),
        definitions_(DefinitionsOf(options.data_dir, options.allow_custom_commands)),
        jobs_(*database_, Clock::System()),
        probes_({RulesOf(options), options.resources, options.attempt_program}, limits_),
        services_{*database_, box_, definitions_, Clock::System(), jobs_, *logs_, call_probes_},
        config_api_(services_),
        public_api_(services_, config_api_),
        log_api_(*database_, *logs_, Clock::System()),
        metrics_(*database_, moved_, Clock::System()),
        sign_in_(*database_, Clock::System()),
        applications_(*database_, box_.KeyFor("access tokens"), Clock::System()),
        identity_api_(*database_, sign_in_, applications_),
        gate_(sign_in_, applications_,
              {ListensOnLoopbackOnly(options), options.auth_always, std::move(public_names)}) {}

  /// `http` listens already.
  Status Open(const ServerOptions& options, std::unique_ptr<HttpServer> http) {
    MR_RETURN_IF_ERROR(WorkspaceCalls::EnsureDefault(services_));
    MR_ASSIGN_OR_RETURN(const std::string password, FirstPasswordFromEnvironment());
    MR_RETURN_IF_ERROR(sign_in_.EnsureFirstPerson(password));
    AttemptHttps https = options.attempt_https;
    https.tls_certificate_file = options.tls_certificate_file;
    https.tls_key_file = options.tls_key_file;
    const WorkerHost::Stores stores{.database = *database_,
                                    .box = box_,
                                    .definitions = definitions_,
                                    .logs = *logs_,
                                    .jobs = jobs_,
                                    .limits = limits_,
                                    .probes = probes_,
                                    .rules = RulesOf(options),
                                    .resources = options.resources,
                                    .moved = &moved_,
                                    .attempt_program = options.attempt_program,
                                    .attempt_https = https};
    MR_ASSIGN_OR_RETURN(worker_, WorkerHost::Start(stores, options.data_dir));
    if (options.files_dir.empty()) {
      std::error_code ignored;  // whoever puts files there will see
      std::filesystem::create_directories(options.data_dir / "files", ignored);
    }
    http_ = std::move(http);
    metrics_.set_open_connections([this] { return http_->open_connections(); });
    retention_.emplace(Retention(*database_, logs_->storage(), Clock::System(), {}));
    return Status::Ok();
  }

  /// Only who has signed in, where that is asked for, has more than a little kept in memory.
  std::optional<HttpResponse> RefuseLargeBody(HttpRequest* head) const {
    if (auto refusal = gate_.Admit(head)) return refusal;
    if (head->person_id.empty()) return ErrorDocument(*head, 413, "the request is too large");
    return std::nullopt;
  }

  HttpResponse Serve(HttpRequest request) {
    const SteadyTime came = Clock::System().Now();
    const Secrets::Scope secrets;  // that this request makes known
    HttpResponse response = Handle(&request);
    metrics_.Count(request, response, Clock::System().Now() - came);
    return response;
  }

  void Stop(std::chrono::milliseconds limit) override {
    const SteadyTime until = Clock::System().Now() + limit;
    http_->Stop(limit);
    worker_->Stop(std::chrono::duration_cast<std::chrono::milliseconds>(
        std::max(until - Clock::System().Now(), SteadyTime::duration::zero())));
  }
  std::vector<std::string> addresses() const override { return http_->addresses(); }

  std::vector<std::string> Routes() const override {
    std::vector<std::string> routes = {"GET /", "GET /metrics", "GET /openapi.yaml"};
    for (const auto& more :
         {config_api_.Routes(), public_api_.Routes(), identity_api_.Routes(), log_api_.Routes()}) {
      routes.insert(routes.end(), more.begin(), more.end());
    }
    return routes;
  }

 private:
  HttpResponse Handle(HttpRequest* request) const {
    if (auto refusal = gate_.Admit(request)) return *std::move(refusal);
    if (auto response = identity_api_.Handle(*request)) return *std::move(response);
    if (auto of_log = log_api_.Handle(*request)) return *std::move(of_log);
    const auto& path = request->path;
    const bool of_server =
        path.empty() || (path.size() == 1 && (path[0] == "metrics" || path[0] == "openapi.yaml"));
    if (of_server && request->method != "GET") return OtherMethodDocument(*request, "GET");
    if (path.empty()) return {200, "text/html; charset=utf-8", kWelcome, {}};
    if (of_server) return path[0] == "metrics" ? metrics_.Show() : OpenApiDocument();
    if (path.size() >= 2 && path[0] == "api" && path[1] == "v1") {
      return config_api_.Handle(*request);
    }
    if (path.size() >= 2 && path[0] == "api" && path[1] == "public") {
      return public_api_.Handle(*request);
    }
    return ErrorDocument(*request, 404, "there is no such path");
  }

  const ProcessLock lock_;
  const std::unique_ptr<SqlDatabase> database_;
  const SecretBox box_;
  const std::unique_ptr<AttemptLogs> logs_;
  const Definitions definitions_;
  JobService jobs_;
  LimitKeeper limits_;
  const ProbeRunner probes_;
  const CallProbes call_probes_{probes_};
  const Services services_;
  const ConfigApi config_api_;
  const PublicApi public_api_;
  const LogApi log_api_;
  MovedTotals moved_;
  ServerMetrics metrics_;
  SignIn sign_in_;
  ApplicationAccess applications_;
  const IdentityApi identity_api_;
  const RequestGate gate_;
  std::optional<RetentionSchedule> retention_;
  std::unique_ptr<WorkerHost> worker_;
  std::unique_ptr<HttpServer> http_;  // last: requests use all of the above
};

}  // namespace

Result<std::unique_ptr<MillraceServer>> MillraceServer::Start(const ServerOptions& options) {
  if (options.tls_certificate_file.empty() != options.tls_key_file.empty()) {
    return ConfigError("--tls-cert and --tls-key belong together: give both or neither");
  }
  // Addresses first: a start that fails because of them leaves no trace.
  const auto ready = std::make_shared<std::atomic<Server*>>(nullptr);
  HttpServer::Options listening;
  listening.listen = options.listen;
  listening.tls_certificate_file = options.tls_certificate_file;
  listening.tls_key_file = options.tls_key_file;
  // Those that slow connectors keep are not missed.
  listening.handler_threads += CallProbes::kRunningMax + CallProbes::kWaitingMax;
  listening.large_body_gate = [ready](HttpRequest head) -> std::optional<HttpResponse> {
    Server* const server = *ready;
    if (server == nullptr) return ErrorDocument(head, 503, "the server is starting");
    return server->RefuseLargeBody(&head);
  };
  MR_ASSIGN_OR_RETURN(auto http, HttpServer::Start(listening, [ready](HttpRequest request) {
                        Server* const server = *ready;
                        return server != nullptr
                                   ? server->Serve(std::move(request))
                                   : ErrorDocument(request, 503, "the server is starting");
                      }));
  ServerOptions complete = options;
  MR_ASSIGN_OR_RETURN(complete.resources, WithEnvironment(options.resources));
  std::vector<std::string> public_names;
  for (const std::string& url : options.public_urls) {
    MR_ASSIGN_OR_RETURN(public_names.emplace_back(), PublicNameOf(url));
  }
  MR_ASSIGN_OR_RETURN(auto stores, OpenServerStores(options.data_dir, options.database_url,
                                                    options.log_storage, StoresUser::kServer));
  auto server = std::make_unique<Server>(complete, std::move(stores), std::move(public_names));
  MR_RETURN_IF_ERROR(server->Open(complete, std::move(http)));
  *ready = server.get();
  return std::unique_ptr<MillraceServer>(std::move(server));
}

}  // namespace millrace
