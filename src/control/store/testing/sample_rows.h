#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "control/store/sql_database.h"

namespace millrace {

// For tests: rows as they may lie in a migrated database, without what makes them.

inline void ExecuteSql(SqlDatabase& database, const std::string& sql) {
  const Status done = database.Write(
      [&](SqlTransaction& transaction) { return transaction.Execute(sql).status(); });
  ASSERT_TRUE(done.ok()) << sql << done.error().internal;
}

/// The first column of each row.
inline std::vector<std::string> SqlTexts(SqlDatabase& database, const std::string& sql) {
  std::vector<std::string> texts;
  const Status read = database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(const auto rows, transaction.Query(sql));
    for (const SqlRow& row : rows) texts.push_back(row.Text(0));
    return Status::Ok();
  });
  EXPECT_TRUE(read.ok()) << read.ToString();
  return texts;
}

/// A workspace "w" with a source "a".
inline void AddActor(SqlDatabase& database, const std::string& sealed_configuration = "") {
  ExecuteSql(database,
             "INSERT INTO workspace (id, name, slug, document, created_at, updated_at) "
             "VALUES ('w', 'Zoë''s \"w\"', 'w', '{}', 0, 0)");
  ExecuteSql(database,
             fmt::format("INSERT INTO actor (id, workspace_id, kind, definition_id, name, "
                         "configuration, created_at, updated_at) "
                         "VALUES ('a', 'w', 'source', 'd', 'a', '{}', 0, 0)",
                         sealed_configuration));
}

/// Of AddActor's source.
inline void AddConnection(SqlDatabase& database, const std::string& id,
                          const std::string& document = "{}") {
  ExecuteSql(database,
             fmt::format("INSERT INTO connection (id, workspace_id, source_id, destination_id, "
                         "name, status, document, catalog, created_at, updated_at) "
                         "VALUES ('{}', 'w', 'a', 'a', 'c', 'active', '{}', '{{}}', 0, 0)",
                         id, document));
}

inline void AddJob(SqlDatabase& database, int64_t id, const std::string& connection,
                   const std::string& status, int64_t created_at = 0) {
  ExecuteSql(database,
             fmt::format("INSERT INTO job (id, connection_id, config_type, status, document, "
                         "created_at, updated_at) VALUES ({}, '{}', 'sync', '{}', '{{}}', {}, 0)",
                         id, connection, status, created_at));
}

inline void AddAttempt(SqlDatabase& database, int64_t job, const std::string& status) {
  ExecuteSql(database,
             fmt::format("INSERT INTO attempt (job_id, number, status, fencing_token, worker, "
                         "lease_until, document, created_at, updated_at) "
                         "VALUES ({}, 0, '{}', 1, 'w', 0, '{{}}', 0, 0)",
                         job, status));
}

}  // namespace millrace
