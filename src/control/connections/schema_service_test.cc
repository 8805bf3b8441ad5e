#include "control/connections/schema_service.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/uuid.h"
#include "control/connections/connection_service.h"
#include "control/definitions/testing/built_in_definitions.h"
#include "control/schema/sync_catalog.h"
#include "control/store/migrations.h"
#include "control/store/resource_requirements.h"
#include "control/store/testing/each_engine.h"

namespace millrace {
namespace {

constexpr const char* kFaker = "dfd88b22-b603-4c3d-aad7-3701784586b1";
constexpr const char* kDestination = "a7bcc9d8-13b3-4e49-b80d-d020b90045e3";

class MovableClock : public Clock {
 public:
  SteadyTime Now() const override { return {}; }
  WallTime WallNow() const override { return WallTime(now); }
  std::chrono::microseconds now = std::chrono::hours(500'000);
};

/// One source whose streams the test sets, and how often it was asked.
class SchemaServiceTest : public EachEngine {
 protected:
  void SetUp() override {
    EachEngine::SetUp();
    ASSERT_TRUE(Migrate(database()).ok());
    key_file_ = std::filesystem::temp_directory_path() / ("millrace-key-" + RandomUuid());
    auto box = SecretBox::Load(key_file_);
    ASSERT_TRUE(box.ok());
    box_.emplace(*std::move(box));
    const Status written = database().Write([&](SqlTransaction& t) -> Status {
      MR_RETURN_IF_ERROR(InsertWorkspace(t, {"w", "w", "w", Json::object(), 1, 1}));
      MR_RETURN_IF_ERROR(
          InsertActor(t, {"s", "w", ConnectorType::kSource, kFaker, "in", box_->Seal("{}"), 1, 1}));
      return InsertActor(
          t, {"d", "w", ConnectorType::kDestination, kDestination, "out", box_->Seal("{}"), 1, 1});
    });
    ASSERT_TRUE(written.ok()) << written.ToString();
    Offer({"id", "at"});
  }
  void TearDown() override {
    EachEngine::TearDown();
    std::filesystem::remove(key_file_);
  }

  void Offer(const std::vector<std::string>& columns) {
    Json stream{{"name", "a"},
                {"supported_sync_modes", {"full_refresh", "incremental"}},
                {"json_schema", {{"properties", Json::object()}}}};
    for (const std::string& column : columns) {
      stream["json_schema"]["properties"][column] = {{"type", "string"}};
    }
    outcome_.result = Json{{"streams", Json::array({stream})}};
  }
  SchemaService Service() {
    return {database(), *box_, BuiltInDefinitions(), clock_,
            [this](const StartDocument&, const EndResources& said, const KeepConfig& keep) {
              ++asked_;
              said_ = said;
              if (change_) {
                EXPECT_TRUE(keep(*change_).ok());
                outcome_.configuration_changed = true;
              }
              return outcome_;
            }};
  }
  std::string Connect(const Json& more) {
    Json body = Json::parse(R"({"sourceId": "s", "destinationId": "d", "syncCatalog": {"streams":
        [{"stream": {"name": "a"}, "config": {"syncMode": "incremental", "cursorField": ["at"]}}]}})");
    body.update(more);
    const auto made = ConnectionService(database(), BuiltInDefinitions(), clock_).Create(body, {});
    EXPECT_TRUE(made.ok()) << made.status().ToString();
    return made.ok() ? made->connection.id : "";
  }
  SchemaCheck Check(const std::string& id) {
    const auto check = Service().BeforeSync(id);
    EXPECT_TRUE(check.ok()) << check.status().ToString();
    EXPECT_TRUE(check.ok() && *check);
    return check.ok() && *check ? **check : SchemaCheck();
  }

  MovableClock clock_;
  std::filesystem::path key_file_;
  std::optional<SecretBox> box_;
  ProbeOutcome outcome_;
  int asked_ = 0;
  std::optional<ConfigChange> change_;  ///< what the source makes of its configuration when asked
  EndResources said_;                   ///< what was set for the source that was asked last
};

TEST_P(SchemaServiceTest, AsksOnceADayAndFillsInWhatNobodyKnew) {
  const std::string id = Connect(Json::object());
  const SchemaCheck check = Check(id);
  const Json& entry = (*check.connection.document)["syncCatalog"]["streams"][0];
  EXPECT_EQ(ColumnsOf(entry["stream"]["jsonSchema"]).size(), 2u);
  EXPECT_FALSE(check.paused);
  EXPECT_TRUE((*check.diff)["transforms"].empty());
  Check(id);
  EXPECT_EQ(asked_, 1);
  clock_.now += std::chrono::hours(25);
  Check(id);
  EXPECT_EQ(asked_, 2);
  const auto missing = Service().BeforeSync("no");
  ASSERT_TRUE(missing.ok());
  EXPECT_FALSE(*missing);
}

TEST_P(SchemaServiceTest, AChangedConfigurationIsStoredAndTheCatalogIsTheNewOnes) {
  change_ = ConfigChange{"source", Json{{"seed", 1}}, Json{{"seed", 2}}};
  const auto first = Service().Discover("s", /*may_be_cached=*/true);
  ASSERT_TRUE(first.ok() && *first) << first.status().ToString();
  Json stored;
  const Status read = database().Read([&](SqlTransaction& t) -> Status {
    MR_ASSIGN_OR_RETURN(const auto actor, FindActor(t, ConnectorType::kSource, "s"));
    MR_ASSIGN_OR_RETURN(const std::string text, box_->Open(actor->sealed_configuration));
    stored = Json::parse(text);
    EXPECT_EQ(actor->updated_at, clock_.now.count());
    return Status::Ok();
  });
  ASSERT_TRUE(read.ok()) << read.ToString();
  EXPECT_EQ(stored, (Json{{"seed", 2}}));
  const auto second = Service().Discover("s", /*may_be_cached=*/true);
  ASSERT_TRUE(second.ok() && *second);
  EXPECT_TRUE((*second)->cached) << "it was asked with what it made of its configuration";
}

TEST_P(SchemaServiceTest, NewColumnsAreFilledForOldRowsWhenThatIsWanted) {
  for (const char* backfill : {"enabled", "disabled"}) {
    Offer({"id", "at"});
    const std::string id = Connect(
        {{"nonBreakingChangesPreference", "propagate_columns"}, {"backfillPreference", backfill}});
    clock_.now += std::chrono::hours(25);
    Check(id);
    Offer({"id", "at", "more"});
    clock_.now += std::chrono::hours(25);
    const SchemaCheck check = Check(id);
    const Json& entry = (*check.connection.document)["syncCatalog"]["streams"][0];
    EXPECT_EQ(ColumnsOf(entry["stream"]["jsonSchema"]).size(), 3u);
    EXPECT_EQ(check.backfill.size(), std::string_view(backfill) == "enabled" ? 1u : 0u);
    EXPECT_TRUE(Check(id).backfill.empty()) << "once";
  }
}

TEST_P(SchemaServiceTest, ABreakingChangePauses) {
  const std::string id = Connect({{"schedule", {{"units", 1}, {"timeUnit", "hours"}}}});
  Check(id);
  Offer({"id"});
  clock_.now += std::chrono::hours(25);
  const SchemaCheck check = Check(id);
  EXPECT_TRUE(check.paused);
  EXPECT_TRUE(check.breaking);
  EXPECT_EQ(check.connection.status, "inactive");
  EXPECT_FALSE(check.connection.next_run_at);
  EXPECT_EQ((*check.connection.document)["statusReason"], "SCHEMA_CHANGES_ARE_BREAKING");
}

TEST_P(SchemaServiceTest, TellsWhatTheSourceMayUse) {
  const Json own{{"default", {{"memory_limit", "100Mi"}}}};
  const Json of_all{{"default", {{"memory_limit", "200Mi"}}}};
  ASSERT_TRUE(database()
                  .Write([&](SqlTransaction& t) -> Status {
                    MR_RETURN_IF_ERROR(PutResources(t, "s", own));
                    return PutResources(t, kFaker, of_all);
                  })
                  .ok());
  ASSERT_TRUE(Service().Discover("s", /*may_be_cached=*/false).ok());
  EXPECT_EQ(*said_.actor, own);
  EXPECT_EQ(*said_.definition, of_all);
}

TEST_P(SchemaServiceTest, FailsAsTheSourceDoes) {
  const std::string id = Connect(Json::object());
  outcome_.status = ConfigError("the password is wrong");
  const auto check = Service().BeforeSync(id);
  ASSERT_FALSE(check.ok());
  EXPECT_EQ(check.status().error().type, FailureType::kConfigError);
  EXPECT_EQ(check.status().ToString(), "the password is wrong");
  outcome_.status = Status::Ok();
  outcome_.result = Json{{"streams", 5}};
  EXPECT_FALSE(Service().BeforeSync(id).ok());
  Offer({"id"});
  const auto no_cursor = Service().BeforeSync(id);
  ASSERT_FALSE(no_cursor.ok());
  EXPECT_THAT(no_cursor.status().ToString(), testing::HasSubstr("at is none of its columns"));
}

INSTANTIATE_TEST_SUITE_P(Engines, SchemaServiceTest, testing::Values("sqlite", "postgres"));

}  // namespace
}  // namespace millrace
