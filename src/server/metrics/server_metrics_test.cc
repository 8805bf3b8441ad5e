#include "server/metrics/server_metrics.h"

#include <gtest/gtest.h>

#include "control/store/migrations.h"
#include "control/store/testing/each_engine.h"
#include "control/store/testing/sample_rows.h"

namespace millrace {
namespace {

class ServerMetricsTest : public EachEngine {
 protected:
  void SetUp() override {
    EachEngine::SetUp();
    ASSERT_TRUE(Migrate(database()).ok());
  }
  static HttpRequest Request(std::vector<std::string> path) {
    HttpRequest request;
    request.path = std::move(path);
    return request;
  }

  MovedTotals moved_;
};

TEST_P(ServerMetricsTest, ShowsWhatIsThere) {
  AddActor(database());
  AddConnection(database(), "c");
  AddJob(database(), 1, "c", "failed");
  AddJob(database(), 2, "c", "pending");
  AddAttempt(database(), 1, "running");
  moved_.records_committed = 42;
  ServerMetrics metrics(database(), moved_, Clock::System());
  metrics.set_open_connections([] { return size_t{3}; });
  metrics.Count(Request({"api", "v1", "sources", "get"}), {200, "", "", {}},
                std::chrono::milliseconds(3));
  metrics.Count(Request({"api", "v1", "anything-that-is-sent"}), {404, "", "", {}},
                std::chrono::milliseconds(3));
  metrics.Count(Request({"api", "public", "v1", "jobs"}), {200, "", "", {}},
                std::chrono::milliseconds(3));
  const HttpResponse shown = metrics.Show();
  EXPECT_EQ(shown.content_type, "text/plain; version=0.0.4; charset=utf-8");
  for (const char* line : {
           "millrace_jobs{status=\"failed\"} 1\n",
           "millrace_jobs{status=\"pending\"} 1\n",
           "millrace_connections{status=\"active\"} 1\n",
           "millrace_attempts_running 1\n",
           "millrace_records_committed_total 42\n",
           "millrace_http_connections 3\n",
           "millrace_database_up 1\n",
           "millrace_database_connections 4\n",
           "millrace_http_requests_total{api=\"config\",resource=\"sources\",status=\"200\"} 1\n",
           "millrace_http_requests_total{api=\"config\",resource=\"other\",status=\"404\"} 1\n",
           "millrace_http_requests_total{api=\"public\",resource=\"jobs\",status=\"200\"} 1\n",
           "millrace_http_request_seconds_bucket{api=\"config\",le=\"0.005\"} 2\n",
           "# TYPE process_cpu_seconds_total counter\n",
           "# TYPE millrace_queue_age_seconds gauge\n",
           "millrace_build_info{version=\"",
       }) {
    EXPECT_NE(shown.body.find(line), std::string::npos) << line << "\n" << shown.body;
  }
  EXPECT_EQ(shown.body.find("process_resident_memory_bytes 0\n"), std::string::npos);
  EXPECT_EQ(shown.body.find("process_start_time_seconds 0\n"), std::string::npos);
  EXPECT_EQ(shown.body.find("anything-that-is-sent"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Engines, ServerMetricsTest, testing::Values("sqlite", "postgres"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace millrace
