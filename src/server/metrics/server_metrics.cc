#include "server/metrics/server_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <mutex>

#include "server/metrics/process_usage.h"

namespace millrace {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

constexpr const char* kContentType = "text/plain; version=0.0.4; charset=utf-8";

prometheus::Histogram::BucketBoundaries Seconds() {
  return {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};
}

/// Which API a request was for, and which of its resources: few values, whatever peers send.
struct PathClass {
  std::string api;
  std::string resource;
};

PathClass ClassOf(const HttpRequest& request, int status) {
  const auto& path = request.path;
  // What isn't there could be called anything.
  const auto resource = [&](size_t at) {
    return status != 404 && path.size() > at ? path[at] : std::string("other");
  };
  if (path.size() >= 3 && path[0] == "api" && path[1] == "public") return {"public", resource(3)};
  if (path.size() >= 2 && path[0] == "api" && path[1] == "v1") return {"config", resource(2)};
  return {"other", "other"};
}

/// A family that is made anew at each scrape.
MetricFamily Family(const char* name, const char* help, MetricType type) {
  return {name, help, type, {}};
}

void AddValue(MetricFamily* family, double value,
              std::vector<prometheus::ClientMetric::Label> labels = {}) {
  prometheus::ClientMetric metric;
  metric.label = std::move(labels);
  metric.counter.value = value;
  metric.gauge.value = value;
  family->metric.push_back(std::move(metric));
}

MetricFamily Single(const char* name, const char* help, MetricType type, double value) {
  MetricFamily family = Family(name, help, type);
  AddValue(&family, value);
  return family;
}

void AddProcess(std::vector<MetricFamily>* families) {
  const ProcessUsage usage = CurrentProcessUsage();
  const auto gauge = [&](const char* name, const char* help, double value) {
    families->push_back(Single(name, help, MetricType::Gauge, value));
  };
  gauge("process_resident_memory_bytes", "Memory in use.",
        static_cast<double>(usage.resident_bytes));
  gauge("process_virtual_memory_bytes", "Addresses in use.",
        static_cast<double>(usage.virtual_bytes));
  gauge("process_open_fds", "Open descriptors.", static_cast<double>(usage.open_descriptors));
  gauge("process_max_fds", "Descriptors at most.", static_cast<double>(usage.descriptors_max));
  gauge("process_threads", "Threads.", static_cast<double>(usage.threads));
  gauge("process_start_time_seconds", "When it started, since 1970 UTC.", usage.started_at);
  families->push_back(Single("process_cpu_seconds_total", "Processor time, user and system.",
                             MetricType::Counter, usage.cpu_seconds));
}

struct StoreCounts {
  std::vector<std::pair<std::string, int64_t>> jobs;         // by status
  std::vector<std::pair<std::string, int64_t>> connections;  // by status
  int64_t running_attempts = 0;
  std::optional<int64_t> oldest_waiting;  // microseconds
};

Result<std::vector<std::pair<std::string, int64_t>>> CountByStatus(SqlTransaction& transaction,
                                                                   std::string_view from) {
  MR_ASSIGN_OR_RETURN(
      const auto rows,
      transaction.Query(fmt::format("SELECT status, count(*) FROM {} GROUP BY status", from)));
  std::vector<std::pair<std::string, int64_t>> counts;
  for (const SqlRow& row : rows) counts.emplace_back(row.Text(0), row.Integer(1));
  return counts;
}

Result<StoreCounts> CountStore(SqlDatabase& database) {
  StoreCounts counts;
  MR_RETURN_IF_ERROR(database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(counts.jobs, CountByStatus(transaction, "job"));
    MR_ASSIGN_OR_RETURN(counts.connections,
                        CountByStatus(transaction, "connection WHERE deleted = 0"));
    MR_ASSIGN_OR_RETURN(const auto running,
                        transaction.Query("SELECT count(*) FROM attempt WHERE status = 'running'"));
    counts.running_attempts = running.at(0).Integer(0);
    MR_ASSIGN_OR_RETURN(
        const auto waiting,
        transaction.Query("SELECT min(created_at) FROM job WHERE status = 'pending'"));
    counts.oldest_waiting = waiting.at(0).IntegerOrNone(0);
    return Status::Ok();
  }));
  return counts;
}

MetricFamily ByStatus(const char* name, const char* help,
                      const std::vector<std::pair<std::string, int64_t>>& counts) {
  MetricFamily family = Family(name, help, MetricType::Gauge);
  for (const auto& [status, count] : counts) {
    AddValue(&family, static_cast<double>(count), {{"status", status}});
  }
  return family;
}

void AddStore(std::vector<MetricFamily>* families, SqlDatabase& database, const Clock& clock) {
  const auto counts = CountStore(database);
  const auto gauge = [&](const char* name, const char* help, double value) {
    families->push_back(Single(name, help, MetricType::Gauge, value));
  };
  gauge("millrace_database_up", "Whether the metadata database answers.", counts.ok() ? 1 : 0);
  const SqlDatabase::PoolUse pool = database.pool_use();
  gauge("millrace_database_connections", "Connections to the metadata database.", pool.size);
  gauge("millrace_database_connections_used", "Of these, in use.", pool.used);
  if (!counts.ok()) return;
  families->push_back(ByStatus("millrace_jobs", "Jobs that are kept, by status.", counts->jobs));
  families->push_back(
      ByStatus("millrace_connections", "Connections, by status.", counts->connections));
  gauge("millrace_attempts_running", "Attempts that run, on any worker.",
        static_cast<double>(counts->running_attempts));
  const int64_t now = clock.WallNow().time_since_epoch().count();
  gauge("millrace_queue_age_seconds", "How long the oldest pending job has waited.",
        static_cast<double>(now - counts->oldest_waiting.value_or(now)) / 1e6);
}

void AddMoved(std::vector<MetricFamily>* families, const MovedTotals& moved) {
  const auto counter = [&](const char* name, const char* help, int64_t value) {
    families->push_back(Single(name, help, MetricType::Counter, static_cast<double>(value)));
  };
  counter("millrace_records_committed_total", "Records that this process's attempts committed.",
          moved.records_committed);
  counter("millrace_bytes_committed_total", "Bytes that this process's attempts committed.",
          moved.bytes_committed);
  MetricFamily attempts = Family("millrace_attempts_total", "Attempts of this process that ended.",
                                 MetricType::Counter);
  AddValue(&attempts, static_cast<double>(moved.attempts_succeeded), {{"outcome", "succeeded"}});
  AddValue(&attempts, static_cast<double>(moved.attempts_failed), {{"outcome", "failed"}});
  families->push_back(std::move(attempts));
}

}  // namespace

class ServerMetrics::Families {
 public:
  Families(SqlDatabase& database, const MovedTotals& moved, const Clock& clock)
      : database_(database), moved_(moved), clock_(clock) {}

  void Count(const PathClass& path, int status, double seconds) {
    requests_
        .Add({{"api", path.api}, {"resource", path.resource}, {"status", std::to_string(status)}})
        .Increment();
    seconds_.Add({{"api", path.api}}, Seconds()).Observe(seconds);
  }

  std::string Text() const {
    std::vector<MetricFamily> families = registry_.Collect();
    MetricFamily build = Family("millrace_build_info", "The program's version.", MetricType::Gauge);
    AddValue(&build, 1, {{"version", MILLRACE_VERSION}});
    families.push_back(std::move(build));
    AddProcess(&families);
    AddStore(&families, database_, clock_);
    AddMoved(&families, moved_);
    const std::lock_guard lock(mutex_);
    if (open_connections_) {
      families.push_back(Single("millrace_http_connections", "Open connections of clients.",
                                MetricType::Gauge, static_cast<double>(open_connections_())));
    }
    return prometheus::TextSerializer().Serialize(families);
  }

  void set_open_connections(std::function<size_t()> count) {
    const std::lock_guard lock(mutex_);
    open_connections_ = std::move(count);
  }

 private:
  SqlDatabase& database_;
  const MovedTotals& moved_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::function<size_t()> open_connections_;  // guarded by mutex_
  prometheus::Registry registry_;
  prometheus::Family<prometheus::Counter>& requests_ = prometheus::BuildCounter()
                                                           .Name("millrace_http_requests_total")
                                                           .Help("Requests that were answered.")
                                                           .Register(registry_);
  prometheus::Family<prometheus::Histogram>& seconds_ =
      prometheus::BuildHistogram()
          .Name("millrace_http_request_seconds")
          .Help("How long requests took to be handled.")
          .Register(registry_);
};

ServerMetrics::ServerMetrics(SqlDatabase& database, const MovedTotals& moved, const Clock& clock)
    : families_(std::make_unique<Families>(database, moved, clock)) {}

ServerMetrics::~ServerMetrics() = default;

void ServerMetrics::set_open_connections(std::function<size_t()> count) {
  families_->set_open_connections(std::move(count));
}

void ServerMetrics::Count(const HttpRequest& request, const HttpResponse& response,
                          std::chrono::nanoseconds took) {
  families_->Count(ClassOf(request, response.status), response.status,
                   std::chrono::duration<double>(took).count());
}

HttpResponse ServerMetrics::Show() const { return {200, kContentType, families_->Text(), {}}; }

}  // namespace millrace
