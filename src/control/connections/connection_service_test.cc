#include "control/connections/connection_service.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "control/connections/outdated_streams.h"
#include "control/definitions/testing/built_in_definitions.h"
#include "control/store/actors.h"
#include "control/store/connection_events.h"
#include "control/store/migrations.h"
#include "control/store/tags.h"
#include "control/store/testing/each_engine.h"

namespace millrace {
namespace {

using testing::HasSubstr;

constexpr int64_t kNoon = 1'767'268'800'000'000;  // 2026-01-01 12:00 UTC
constexpr int64_t kHour = 3'600'000'000;

class FixedClock : public Clock {
 public:
  SteadyTime Now() const override { return {}; }
  WallTime WallNow() const override { return WallTime(std::chrono::microseconds(now)); }
  int64_t now = kNoon;
};

class ConnectionServiceTest : public EachEngine {
 protected:
  void SetUp() override {
    EachEngine::SetUp();
    ASSERT_TRUE(Migrate(database()).ok());
    Write([](SqlTransaction& t) -> Status {
      for (const char* w : {"w", "w2"}) {
        MR_RETURN_IF_ERROR(InsertWorkspace(t, {w, w, w, Json::object(), 1, 1}));
      }
      MR_RETURN_IF_ERROR(InsertTag(t, {"t", "w", "blue", "0000ff"}));
      MR_RETURN_IF_ERROR(
          InsertActor(t, {"s", "w", ConnectorType::kSource, "d1", "in", "sealed", 1, 1}));
      MR_RETURN_IF_ERROR(
          InsertActor(t, {"far", "w2", ConnectorType::kDestination, "d2", "far", "sealed", 1, 1}));
      return InsertActor(t, {"d", "w", ConnectorType::kDestination, "d2", "out", "sealed", 1, 1});
    });
  }
  void Write(const SqlDatabase::Work& work) {
    const Status written = database().Write(work);
    ASSERT_TRUE(written.ok()) << written.ToString();
  }
  ConnectionService Service() { return {database(), BuiltInDefinitions(), clock_}; }
  Connection Create(Json body) {
    body["sourceId"] = "s";
    body["destinationId"] = "d";
    const auto made = Service().Create(body, {});
    EXPECT_TRUE(made.ok()) << made.status().ToString();
    return made.ok() ? made->connection : Connection();
  }
  ConnectionOutcome Update(Json body, const Connection& connection) {
    body["connectionId"] = connection.id;
    const auto updated = Service().Update(body, {"user", "tidied up", false});
    EXPECT_TRUE(updated.ok()) << updated.status().ToString();
    return updated.ok() ? *updated : ConnectionOutcome();
  }
  std::vector<std::string> EventTypes(const std::string& id) {
    std::vector<std::string> types;
    Write([&](SqlTransaction& t) -> Status {
      ConnectionEventFilter filter;
      filter.connection_id = id;
      MR_ASSIGN_OR_RETURN(const auto events, ListConnectionEvents(t, filter, {}));
      types.clear();
      for (const ConnectionEvent& event : events) types.push_back(event.type);
      return Status::Ok();
    });
    return types;
  }

  FixedClock clock_;
};

TEST_P(ConnectionServiceTest, ANewOneHasAirbytesDefaultsAndADate) {
  const Connection manual = Create(Json::object());
  EXPECT_EQ(manual.name, "in → out");
  EXPECT_EQ(manual.status, "active");
  EXPECT_EQ(manual.workspace_id, "w");
  EXPECT_EQ((*manual.document)["scheduleType"], "manual");
  EXPECT_EQ((*manual.document)["nonBreakingChangesPreference"], "ignore");
  EXPECT_EQ((*manual.document)["prefix"], "");
  EXPECT_FALSE(manual.next_run_at);
  const Connection basic = Create({{"schedule", {{"units", 24}, {"timeUnit", "hours"}}}});
  ASSERT_TRUE(basic.next_run_at);
  EXPECT_LT(*basic.next_run_at - kNoon, 60'000'000) << "soon";
  const Connection paused =
      Create({{"schedule", {{"units", 24}, {"timeUnit", "hours"}}}, {"status", "inactive"}});
  EXPECT_FALSE(paused.next_run_at);
}

TEST_P(ConnectionServiceTest, AnUpdateKeepsWhatItDoesNotName) {
  const Connection made = Create({{"prefix", "a_"}, {"name", "first"}, {"tags", {"t"}}});
  const Connection after = Update({{"name", "second"}}, made).connection;
  EXPECT_EQ(after.name, "second");
  EXPECT_EQ((*after.document)["prefix"], "a_");
  EXPECT_EQ(after.revision, 1);
  EXPECT_THAT(EventTypes(made.id), testing::ElementsAre("CONNECTION_SETTINGS_UPDATE"));
  Update({{"name", "second"}}, made);
  EXPECT_EQ(EventTypes(made.id).size(), 1u) << "nothing has changed";
  Write([&](SqlTransaction& t) -> Status {
    MR_ASSIGN_OR_RETURN(const auto tags, TagsOfConnections(t, {made.id}));
    EXPECT_EQ(tags.at(made.id).front().name, "blue");
    return Status::Ok();
  });
  EXPECT_EQ((*Update({{"prefix", nullptr}}, made).connection.document)["prefix"], "");
}

TEST_P(ConnectionServiceTest, PausingTakesItsDateAway) {
  const Connection made =
      Create({{"scheduleData", {{"cron", {{"cronExpression", "0 0 13 * * ?"}}}}}});
  ASSERT_TRUE(made.next_run_at);
  EXPECT_GE(*made.next_run_at, kNoon + kHour);
  EXPECT_FALSE(Update({{"status", "inactive"}}, made).connection.next_run_at);
  clock_.now += 50 * kHour;
  const auto again = Update({{"status", "active"}}, made).connection.next_run_at;
  ASSERT_TRUE(again);
  EXPECT_GT(*again, clock_.now) << "what was missed while it was paused isn't made up for";
  EXPECT_THAT(EventTypes(made.id),
              testing::UnorderedElementsAre("CONNECTION_DISABLED", "CONNECTION_ENABLED"));
}

TEST_P(ConnectionServiceTest, WhatIsWrongChangesNothing) {
  const auto far = Service().Create({{"sourceId", "s"}, {"destinationId", "far"}}, {});
  EXPECT_THAT(far.status().ToString(), HasSubstr("different workspaces"));
  const auto missing = Service().Create({{"sourceId", "no"}, {"destinationId", "d"}}, {});
  ASSERT_TRUE(missing.ok());
  EXPECT_EQ(missing->kind, ConnectionOutcome::Kind::kNotThere);
  EXPECT_EQ(missing->what, "source");
  const Connection made = Create({{"name", "kept"}});
  for (const auto& [field, value] :
       std::vector<std::pair<const char*, Json>>{{"status", "deleted"},
                                                 {"status", 5},
                                                 {"prefix", 5},
                                                 {"name", ""},
                                                 {"namespaceDefinition", "custom_format"},
                                                 {"namespaceDefinition", "customformat"},
                                                 {"nonBreakingChangesPreference", "maybe"},
                                                 {"notifySchemaChanges", "yes"},
                                                 {"resourceRequirements", Json::array()},
                                                 {"resourceRequirements", {{"cpu_limit", 1}}},
                                                 {"scheduleType", "cron"},
                                                 {"operationIds", {"x"}},
                                                 {"syncCatalog", "all"}}) {
    Json body{{"connectionId", made.id}, {"name", "lost"}};
    body[field] = value;
    const auto refused = Service().Update(body, {});
    EXPECT_FALSE(refused.ok()) << field << value;
  }
  EXPECT_EQ(Update({{"tags", {"none"}}}, made).what, "tag");
  EXPECT_EQ(Update(Json::object(), made).connection.name, "kept");
}

TEST_P(ConnectionServiceTest, DeletionEndsItsJobAndIsFinal) {
  const Connection made = Create(Json::object());
  ConnectionService service = Service();
  std::string ended;
  const ChangeReason reason{.user_id = "ann", .reason = ""};
  service.set_before_delete(
      [&](SqlTransaction&, const std::string& id, const ChangeReason& by_whom) {
        ended = id + " by " + by_whom.user_id;
        return Status::Ok();
      });
  EXPECT_EQ(service.Delete(made.id, reason)->kind, ConnectionOutcome::Kind::kDone);
  EXPECT_EQ(ended, made.id + " by ann");
  EXPECT_EQ(service.Delete(made.id, reason)->kind, ConnectionOutcome::Kind::kNotThere);
  Write([&](SqlTransaction& t) -> Status {
    EXPECT_FALSE(FindConnection(t, made.id)->has_value());
    EXPECT_EQ((*FindConnectionOrDeleted(t, made.id))->status, "deprecated");
    ConnectionFilter all;
    all.ids = {made.id};
    EXPECT_TRUE(ListConnections(t, all, {})->empty());
    all.with_deleted = true;
    EXPECT_EQ(ListConnections(t, all, {})->at(0).status, "deprecated");
    return Status::Ok();
  });
  EXPECT_EQ(Update({{"name", "x"}}, made).kind, ConnectionOutcome::Kind::kNotThere);
}

TEST(OutdatedStreams, AreThoseWithOtherRows) {
  const auto entry = [](const char* name, const Json& config) {
    Json whole{{"stream", {{"name", name}, {"jsonSchema", {{"type", "object"}}}}},
               {"config", {{"selected", true}, {"syncMode", "full_refresh"}}}};
    whole["config"].update(config);
    return whole;
  };
  const auto catalog = [](std::vector<Json> entries) { return Json{{"streams", entries}}; };
  const Json before = catalog({entry("same", Json::object()), entry("mode", Json::object()),
                               entry("gone", Json::object()), entry("key", Json::object()),
                               entry("chosen", {{"selected", false}})});
  Json wider = entry("same", Json::object());
  const auto names = [&](const Json& after) {
    std::vector<std::string> found;
    for (const auto& stream : OutdatedStreams(before, after)) found.push_back(stream.name);
    return found;
  };
  using testing::ElementsAre;
  EXPECT_THAT(names(before), ElementsAre());
  EXPECT_THAT(
      names(catalog({entry("same", {{"aliasName", "other"}}),
                     entry("mode", {{"syncMode", "incremental"}}),
                     entry("gone", {{"selected", false}}), entry("key", {{"primaryKey", {{"id"}}}}),
                     entry("chosen", Json::object()), entry("new", Json::object())})),
      ElementsAre("mode", "key", "chosen", "new"));
  wider["stream"]["jsonSchema"]["properties"] = {{"x", {{"type", "string"}}}};
  EXPECT_THAT(names(catalog({wider})), ElementsAre("same"));
}

TEST_P(ConnectionServiceTest, ListsAreFilteredAndSorted) {
  const Connection b = Create({{"name", "b"}, {"tags", {"t"}}});
  const Connection a = Create({{"name", "A"}, {"status", "inactive"}});
  const auto ids = [&](const ConnectionFilter& filter, ConnectionOrder order, bool descending) {
    std::vector<std::string> found;
    Write([&](SqlTransaction& t) -> Status {
      MR_ASSIGN_OR_RETURN(found, ListConnectionIds(t, filter, order, descending));
      return Status::Ok();
    });
    return found;
  };
  using testing::ElementsAre;
  EXPECT_THAT(ids({}, ConnectionOrder::kName, false), ElementsAre(a.id, b.id));
  EXPECT_THAT(ids({}, ConnectionOrder::kName, true), ElementsAre(b.id, a.id));
  for (const auto order : {ConnectionOrder::kSourceName, ConnectionOrder::kDestinationName,
                           ConnectionOrder::kLastSync}) {
    EXPECT_EQ(ids({}, order, true).size(), 2u);
  }
  ConnectionFilter tagged, definition, text, other;
  tagged.tag_ids = {"t"};
  definition.source_definition_ids = {"d1"};
  definition.statuses = {"inactive"};
  text.any_name_contains = "OUT";
  other.destination_definition_ids = {"d1"};
  EXPECT_THAT(ids(tagged, ConnectionOrder::kName, false), ElementsAre(b.id));
  EXPECT_THAT(ids(definition, ConnectionOrder::kName, false), ElementsAre(a.id));
  EXPECT_EQ(ids(text, ConnectionOrder::kName, false).size(), 2u);
  EXPECT_TRUE(ids(other, ConnectionOrder::kName, false).empty());
  Write([&](SqlTransaction& t) -> Status {
    MR_ASSIGN_OR_RETURN(const auto list, ListConnections(t, {}, {}));
    EXPECT_FALSE(list.at(0).document->contains("syncCatalog"));
    MR_ASSIGN_OR_RETURN(const auto whole, FindConnection(t, a.id));
    MR_ASSIGN_OR_RETURN(const auto catalogs, CatalogTextsOf(t, {a.id}));
    EXPECT_EQ(Json::parse(catalogs.at(a.id)), whole->document->at("syncCatalog"));
    return Status::Ok();
  });
}

INSTANTIATE_TEST_SUITE_P(Engines, ConnectionServiceTest, testing::Values("sqlite", "postgres"));

}  // namespace
}  // namespace millrace
