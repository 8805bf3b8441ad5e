#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "server/config_api/request_time.h"
#include "server/public_api/connection_words.h"
#include "server/public_api/job_words.h"
#include "server/public_api/public_call.h"
#include "server/public_api/stream_modes.h"
#include "server/public_api/stream_words.h"
#include "server/public_api/typed_sources.h"

namespace millrace {
namespace {

TEST(Schedules, GoThereAndBack) {
  for (const Json& schedule : {
           Json{{"scheduleType", "manual"}},
           Json{{"scheduleType", "cron"}, {"cronExpression", "0 0 12 * * ?"}},
           Json{{"scheduleType", "cron"}, {"cronExpression", "0 0 12 ? * MON-FRI Europe/Paris"}},
           Json{{"scheduleType", "cron"}, {"cronExpression", "0 0 0/6 L * ?"}},
           Json{{"scheduleType", "cron"}, {"cronExpression", "*/5 * * * *"}},
           Json{{"scheduleType", "basic"}, {"basicTiming", "Every 6 HOURS"}},
       }) {
    const auto config = ScheduleToConfig(schedule);
    ASSERT_TRUE(config.ok()) << schedule << config.status().ToString();
    EXPECT_EQ(ScheduleToPublic(*config), schedule) << *config;
  }
  const auto zoned =
      ScheduleToConfig({{"scheduleType", "cron"}, {"cronExpression", "0 0 12 * * ? Europe/Paris"}});
  EXPECT_EQ((*zoned)["scheduleData"]["cron"]["cronExpression"], "0 0 12 * * ?");
  EXPECT_EQ((*zoned)["scheduleData"]["cron"]["cronTimeZone"], "Europe/Paris");
  const auto utc =
      ScheduleToConfig({{"scheduleType", "cron"}, {"cronExpression", "0 0 12 * * ? UTC"}});
  EXPECT_EQ((*utc)["scheduleData"]["cron"]["cronTimeZone"], "UTC");
  const auto hourly = ScheduleToConfig({{"scheduleType", "basic"}, {"basicTiming", "every hour"}});
  EXPECT_EQ((*hourly)["scheduleData"]["basicSchedule"],
            (Json{{"units", 1}, {"timeUnit", "hours"}}));
}

TEST(Schedules, SayWhatIsWrong) {
  for (const Json& schedule :
       {Json(), Json::object(), Json{{"scheduleType", "weekly"}}, Json{{"scheduleType", "cron"}},
        Json{{"scheduleType", "basic"}}, Json{{"scheduleType", "basic"}, {"basicTiming", "now"}},
        Json{{"scheduleType", "basic"}, {"basicTiming", "every 0 hours"}},
        Json{{"scheduleType", "basic"}, {"basicTiming", "every 99999999999999999999 hours"}},
        Json{{"scheduleType", 5}}}) {
    EXPECT_FALSE(ScheduleToConfig(schedule).ok()) << schedule;
  }
}

TEST(Settings, HaveOtherWords) {
  const auto config = SettingsToConfig({{"name", "n"},
                                        {"namespaceDefinition", "custom_format"},
                                        {"namespaceFormat", nullptr},
                                        {"nonBreakingSchemaUpdatesBehavior", "disable_connection"},
                                        {"status", "inactive"},
                                        {"dataResidency", "auto"}});
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(*config, (Json{{"name", "n"},
                           {"namespaceFormat", nullptr},
                           {"namespaceDefinition", "customformat"},
                           {"nonBreakingChangesPreference", "disable"},
                           {"status", "inactive"}}));
  for (const Json& wrong : {Json{{"status", "ACTIVE"}}, Json{{"namespaceDefinition", 5}},
                            Json{{"nonBreakingSchemaUpdatesBehavior", "disable"}}}) {
    EXPECT_FALSE(SettingsToConfig(wrong).ok()) << wrong;
  }
}

Json Entry(const std::string& name, const Json& space) {
  return {
      {"stream",
       {{"name", name},
        {"namespace", space},
        {"jsonSchema",
         {{"properties",
           {{"id", {{"type", "integer"}}}, {"at", {{"properties", {{"x", Json::object()}}}}}}}}},
        {"supportedSyncModes", {"full_refresh", "incremental"}}}},
      {"config",
       {{"syncMode", "full_refresh"},
        {"destinationSyncMode", "overwrite"},
        {"cursorField", {"own"}},
        {"primaryKey", Json::array()},
        {"selected", true}}}};
}

Json Offered() {
  return {
      {"streams", {Entry("users", "public"), Entry("users", "other"), Entry("items", nullptr)}}};
}

TEST(Catalogs, SelectWhatIsNamed) {
  const auto catalog = CatalogToConfig({{"streams",
                                         {{{"name", "users"},
                                           {"namespace", "other"},
                                           {"syncMode", "incremental_deduped_history"},
                                           {"cursorField", {"at"}},
                                           {"primaryKey", {{"id"}}},
                                           {"selectedFields", {{{"fieldPath", {"id"}}}}}},
                                          {{"name", "items"}}}}},
                                       Offered());
  ASSERT_TRUE(catalog.ok()) << catalog.status().ToString();
  const Json& streams = (*catalog)["streams"];
  EXPECT_EQ(streams[0]["config"]["selected"], false);
  EXPECT_EQ(streams[1]["config"]["syncMode"], "incremental");
  EXPECT_EQ(streams[1]["config"]["destinationSyncMode"], "append_dedup");
  EXPECT_EQ(streams[1]["config"]["fieldSelectionEnabled"], true);
  EXPECT_EQ(streams[2]["config"]["cursorField"], Json::array({"own"}));
  const Json said = CatalogToPublic(*catalog);
  ASSERT_EQ(said["streams"].size(), 2U);
  EXPECT_EQ(said["streams"][0]["namespace"], "other");
  EXPECT_EQ(said["streams"][0]["syncMode"], "incremental_deduped_history");
  EXPECT_EQ(said["streams"][1]["syncMode"], "full_refresh_overwrite") << "as clients expect";
  EXPECT_FALSE(said["streams"][1].contains("namespace"));
}

TEST(Catalogs, SelectAllWhenNoneIsNamed) {
  for (const Json& none : {Json(), Json::object(), Json{{"streams", Json::array()}}}) {
    const auto catalog = CatalogToConfig(none, Offered());
    ASSERT_TRUE(catalog.ok());
    EXPECT_EQ(CatalogToPublic(*catalog)["streams"].size(), 3U);
  }
}

TEST(Catalogs, SayWhatIsWrong) {
  for (const Json& wrong :
       {Json{{"name", "users"}}, Json{{"name", "nothing"}}, Json(5),
        Json{{"name", "items"}, {"syncMode", "faster"}}, Json{{"name", "items"}, {"syncMode", 5}},
        Json{{"name", "items"}, {"namespace", "no"}}}) {
    EXPECT_FALSE(CatalogToConfig({{"streams", {wrong}}}, Offered()).ok()) << wrong;
  }
}

TEST(Streams, TellTheirModesAndFields) {
  const Json said = StreamToPublic(Entry("users", "public")["stream"], {"append", "append_dedup"});
  EXPECT_EQ(said["streamName"], "users");
  EXPECT_EQ(said["streamnamespace"], "public");
  EXPECT_EQ(said["syncModes"], Json::array({"full_refresh_append", "incremental_append",
                                            "incremental_deduped_history"}));
  EXPECT_EQ(said["propertyFields"],
            Json::array({Json::array({"id"}), Json::array({"at"}), Json::array({"at", "x"})}));
}

constexpr int64_t kNow = 1'700'003'661'000'000;  // microseconds

TEST(Jobs, TellNoTimeThatIsUnknown) {
  Json job{{"job",
            {{"id", 7},
             {"configType", "reset_connection"},
             {"configId", "c"},
             {"status", "running"},
             {"createdAt", 1'700'000'000},
             {"updatedAt", 1'700'000'002}}}};
  Json said = JobToPublic(job, kNow);
  EXPECT_EQ(said["jobId"], 7);
  EXPECT_EQ(said["jobType"], "reset");
  EXPECT_EQ(said["startTime"], "2023-11-14T22:13:20Z");
  EXPECT_EQ(said["duration"], "PT1H1M1S");
  EXPECT_FALSE(said.contains("lastUpdatedAt"));
  for (const auto& [name, value] : said.items()) EXPECT_FALSE(value.is_null()) << name;
  job["job"]["status"] = "queued";
  EXPECT_EQ(JobToPublic(job, kNow)["status"], "pending");
  job["job"]["status"] = "failed";
  const Json failure{{"failureOrigin", "destination"},
                     {"failureType", "config_error"},
                     {"externalMessage", "the disk is full"}};
  job["attempts"] = {{{"attempt", {{"failureSummary", {{"failures", {failure}}}}}}}};
  EXPECT_EQ(JobToPublic(job, kNow)["failureReason"], failure);
  job["job"]["status"] = "succeeded";
  EXPECT_FALSE(JobToPublic(job, kNow).contains("failureReason"));
  job["job"]["aggregatedStats"] = {{"recordsCommitted", 5}, {"bytesCommitted", 90}};
  said = JobToPublic(job, kNow);
  EXPECT_EQ(said["lastUpdatedAt"], "2023-11-14T22:13:22Z");
  EXPECT_EQ(said["duration"], "PT2S");
  EXPECT_EQ(said["rowsSynced"], 5);
  EXPECT_EQ(said["bytesSynced"], 90);
}

TEST(Times, AreRead) {
  EXPECT_EQ(TimeOfIso("2023-11-14T22:13:20Z"), 1'700'000'000'000'000);
  EXPECT_EQ(TimeOfIso("2023-11-14T23:13:20.5+01:00"), 1'700'000'000'500'000);
  EXPECT_EQ(TimeOfIso("1970-01-02"), 86'400'000'000);
  for (const char* wrong : {"", "now", "2023-13-01T00:00:00Z", "2023-11-14T22:13:20Zx"}) {
    EXPECT_FALSE(TimeOfIso(wrong)) << wrong;
  }
  EXPECT_EQ(IsoDuration(0), "PT0S");
  EXPECT_EQ(IsoDuration(3600), "PT1H");
}

TEST(Lists, GoOnUntilTheLastPage) {
  HttpRequest request;
  request.path = {"api", "public", "v1", "jobs"};
  request.headers["host"] = "localhost:8000";
  request.query = {{"orderBy", "createdAt|DESC"}, {"limit", "2"}};
  Problem problem;
  const auto page = PublicPageOf(request, &problem);
  ASSERT_TRUE(page);
  Json first = Json::parse(ListResponse(request, *page, {1, 2, 3}).body);
  EXPECT_EQ(first["data"], (Json{1, 2}));
  EXPECT_EQ(first["previous"], "");
  EXPECT_EQ(first["next"],
            "http://localhost:8000/api/public/v1/jobs?limit=2&offset=2&orderBy=createdAt%7CDESC");
  const Json last = Json::parse(ListResponse(request, {2, 2}, {3, 4}).body);
  EXPECT_EQ(last["next"], "") << "clients follow it for ever";
  EXPECT_NE(last["previous"], "");
  for (const char* wrong : {"0", "101", "-1", "x", "1e3", "99999999999999999999"}) {
    request.query = {{"limit", wrong}};
    EXPECT_FALSE(PublicPageOf(request, &problem)) << wrong;
  }
}

TEST(TypedSources, AreThoseThatClientsKnow) {
  const auto find = [](const char* name) -> const CatalogueEntry& {
    return **Catalogue::Embedded().Find(name);
  };
  EXPECT_EQ(TypeNameOf(find("source-postgres")), "postgres");
  EXPECT_TRUE(HasTypedModel(find("source-faker")));
  EXPECT_FALSE(HasTypedModel(find("source-zuora")));
  EXPECT_TRUE(HasTypedModel(find("destination-local-json")));
}

}  // namespace
}  // namespace millrace
