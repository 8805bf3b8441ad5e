#include "server/millrace_worker.h"

#include "server/server_stores.h"
#include "server/worker_host.h"

namespace millrace {
namespace {

ConnectorRules RulesOf(const WorkerOptions& options) {
  const auto files_dir = options.files_dir.empty() ? options.data_dir / "files" : options.files_dir;
  return {.files_dir = files_dir.string(), .allow_link_local = options.allow_link_local};
}

class Worker : public MillraceWorker {
 public:
  Worker(const WorkerOptions& options, ServerStores stores)
      : stores_(std::move(stores)),
        definitions_(DefinitionsOf(options.data_dir, options.allow_custom_commands)),
        jobs_(*stores_.database, Clock::System()),
        probes_({RulesOf(options), options.resources, {}}, limits_) {}

  Status Open(const WorkerOptions& options) {
    const WorkerHost::Stores stores{.database = *stores_.database,
                                    .box = stores_.box,
                                    .definitions = definitions_,
                                    .logs = *stores_.logs,
                                    .jobs = jobs_,
                                    .limits = limits_,
                                    .probes = probes_,
                                    .rules = RulesOf(options),
                                    .resources = options.resources,
                                    .attempt_https = options.attempt_https};
    MR_ASSIGN_OR_RETURN(host_, WorkerHost::Start(stores, options.data_dir));
    return Status::Ok();
  }
  void Stop(std::chrono::milliseconds limit) override { host_->Stop(limit); }

 private:
  const ServerStores stores_;
  const Definitions definitions_;
  JobService jobs_;
  LimitKeeper limits_;
  const ProbeRunner probes_;
  std::unique_ptr<WorkerHost> host_;
};

}  // namespace

Result<std::unique_ptr<MillraceWorker>> MillraceWorker::Start(const WorkerOptions& options) {
  if (options.database_url.empty()) {
    return ConfigError("a worker shares its servers' metadata: give --database-url postgresql://…");
  }
  WorkerOptions complete = options;
  MR_ASSIGN_OR_RETURN(complete.resources, WithEnvironment(options.resources));
  MR_ASSIGN_OR_RETURN(auto stores, OpenServerStores(options.data_dir, options.database_url,
                                                    options.log_storage, StoresUser::kWorker));
  auto worker = std::make_unique<Worker>(complete, std::move(stores));
  MR_RETURN_IF_ERROR(worker->Open(complete));
  return std::unique_ptr<MillraceWorker>(std::move(worker));
}

}  // namespace millrace
