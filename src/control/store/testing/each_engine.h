#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "base/uuid.h"
#include "clients/postgres/testing/temporary_server.h"
#include "control/store/sql_database.h"

namespace millrace {

/// For tests: an empty metadata database of each engine in turn, a file or a real PostgreSQL
/// server's database, by the parameter "sqlite" or "postgres".
class EachEngine : public testing::TestWithParam<std::string> {
 protected:
  static void TearDownTestSuite() { server_.reset(); }

  void SetUp() override {
    if (GetParam() == "sqlite") {
      folder_ = std::filesystem::temp_directory_path() / ("millrace-store-" + RandomUuid());
      std::filesystem::create_directories(folder_);
      url_ = "sqlite://" + (folder_ / "store.db").string();
    } else {
      MakePostgresDatabase();
    }
    auto opened = SqlDatabase::Open(url_, /*connections=*/4);
    ASSERT_TRUE(opened.ok()) << opened.status().ToString() << opened.status().error().internal;
    database_ = std::move(*opened);
  }
  void TearDown() override {
    database_.reset();
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

  SqlDatabase& database() { return *database_; }

 private:
  void MakePostgresDatabase() {
    if (server_ == nullptr) {
      auto started = TemporaryServer::Start();
      ASSERT_TRUE(started.ok()) << started.status().ToString();
      server_ = std::move(*started);
    }
    const PgOptions options = server_->options();
    auto connection = PgConnection::Connect(options);
    ASSERT_TRUE(connection.ok());
    const std::string name = "store_" + std::to_string(++databases_);
    ASSERT_TRUE((*connection)->Execute("CREATE DATABASE " + name).ok());
    url_ = "postgresql://" + options.user + ":" + options.password + "@" + options.host + ":" +
           std::to_string(options.port) + "/" + name;
  }

  static inline std::unique_ptr<TemporaryServer> server_;
  static inline int databases_ = 0;
  std::filesystem::path folder_;
  std::string url_;
  std::unique_ptr<SqlDatabase> database_;
};

}  // namespace millrace
