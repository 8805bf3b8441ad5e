#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "control/store/actors.h"
#include "control/store/connections.h"
#include "control/store/migrations.h"
#include "control/store/testing/each_engine.h"

namespace millrace {

/// For tests: a migrated metadata database of each engine with a workspace "w", a source "s", a
/// destination "d", and the active connections "a" and "b", which sync the streams public.orders
/// and public.items and not public.left_out.
class TwoConnections : public EachEngine {
 protected:
  void SetUp() override {
    EachEngine::SetUp();
    ASSERT_TRUE(Migrate(database()).ok());
    Write([](SqlTransaction& t) -> Status {
      MR_RETURN_IF_ERROR(InsertWorkspace(t, {"w", "main", "main", Json::object(), 1, 1}));
      MR_RETURN_IF_ERROR(
          InsertActor(t, {"s", "w", ConnectorType::kSource, "d1", "in", "sealed", 1, 1}));
      return InsertActor(t, {"d", "w", ConnectorType::kDestination, "d2", "out", "sealed", 1, 1});
    });
    for (const char* id : {"a", "b"}) AddConnection(id);
  }

  void Write(const SqlDatabase::Work& work) {
    const Status written = database().Write(work);
    ASSERT_TRUE(written.ok()) << written.ToString() << written.error().internal;
  }
  void AddConnection(const std::string& id) {
    Connection connection;
    connection.id = id;
    connection.workspace_id = "w";
    connection.source_id = "s";
    connection.destination_id = "d";
    connection.name = "Connection " + id;
    connection.status = "active";
    connection.created_at = connection.updated_at = 1'800'003'600'000'000;  // 2027
    const auto stream = [](const char* name, bool selected) {
      return Json{
          {"stream", {{"name", name}, {"namespace", "public"}, {"jsonSchema", Json::object()}}},
          {"config",
           {{"selected", selected},
            {"syncMode", "full_refresh"},
            {"destinationSyncMode", "append"}}}};
    };
    connection.document =
        Json{{"syncCatalog",
              {{"streams",
                {stream("orders", true), stream("items", true), stream("left_out", false)}}}}};
    Write([&](SqlTransaction& t) { return InsertConnection(t, connection); });
  }
};

}  // namespace millrace
