#include "server/millrace_worker.h"

#include "server/server_stores.h"
#include "server/worker_host.h"

namespace millrace {
namespace {

class Worker : public MillraceWorker {
 public:
  explicit Worker(ServerStores stores)
      : stores_(std::move(stores)), jobs_(*stores_.database, Clock::System()) {}

  Status Open(const std::filesystem::path& data_dir) {
    const ConnectorRules rules{.files_dir = (data_dir / "files").string(),
                               .allow_link_local = false};
    MR_ASSIGN_OR_RETURN(
        host_,
        WorkerHost::Start({*stores_.database, stores_.box, *stores_.logs, jobs_, rules}, data_dir));
    return Status::Ok();
  }
  void Stop(std::chrono::milliseconds limit) override { host_->Stop(limit); }

 private:
  const ServerStores stores_;
  JobService jobs_;
  std::unique_ptr<WorkerHost> host_;
};

}  // namespace

Result<std::unique_ptr<MillraceWorker>> MillraceWorker::Start(const std::filesystem::path& data_dir,
                                                              const std::string& database_url,
                                                              const std::string& log_storage) {
  if (database_url.empty()) {
    return ConfigError("a worker shares its servers' metadata: give --database-url postgresql://…");
  }
  MR_ASSIGN_OR_RETURN(auto stores, OpenServerStores(data_dir, database_url, log_storage));
  auto worker = std::make_unique<Worker>(std::move(stores));
  MR_RETURN_IF_ERROR(worker->Open(data_dir));
  return std::unique_ptr<MillraceWorker>(std::move(worker));
}

}  // namespace millrace
