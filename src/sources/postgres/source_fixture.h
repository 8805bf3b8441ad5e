#pragma once

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "clients/postgres/testing/temporary_server.h"
#include "connector/resumable_source.h"
#include "sources/postgres/postgres_source.h"

namespace millrace {

/// For tests: an output that remembers everything. Thread-safe.
class RecordedOutput : public SourceOutput {
 public:
  Status Open(const StreamDescriptor&, const SchemaPtr& schema) override {
    const std::lock_guard lock(mutex_);
    schemas.push_back(schema);
    return Status::Ok();
  }
  Status Emit(const StreamDescriptor&, ChangeBatch batch, Deadline) override {
    if (on_emit) MR_RETURN_IF_ERROR(on_emit());
    const std::lock_guard lock(mutex_);
    EXPECT_TRUE(batch.rows->ValidateFull().ok()) << batch.rows->ValidateFull().ToString();
    rows += batch.num_rows();
    changes.insert(changes.end(), batch.changes.begin(), batch.changes.end());
    batches.push_back(std::move(batch.rows));
    return Status::Ok();
  }
  Status Truncate(const StreamDescriptor&) override { return Status::Ok(); }
  Status Checkpoint(StateMessage message) override {
    const std::lock_guard lock(mutex_);
    checkpoints.push_back({rows, message});
    return Status::Ok();
  }
  void ReportStatus(const StreamDescriptor& stream, StreamStatus status,
                    std::optional<Error> error) override {
    const std::lock_guard lock(mutex_);
    statuses[stream.name] = status;
    if (error) errors[stream.name] = *error;
  }
  void ReportEstimate(const StreamDescriptor&, std::optional<int64_t>,
                      std::optional<int64_t>) override {}

  /// All values of a column, printed, in the order in which they came.
  std::vector<std::string> Column(const std::string& name) const {
    std::vector<std::string> values;
    for (const auto& batch : batches) {
      const auto column = batch->GetColumnByName(name);
      for (int64_t i = 0; column != nullptr && i < column->length(); ++i) {
        values.push_back(column->IsNull(i) ? "null" : (*column->GetScalar(i))->ToString());
      }
    }
    return values;
  }
  State LastState() const {
    State state;
    if (!checkpoints.empty()) state.Merge(checkpoints.back().second);
    return state;
  }

  std::function<Status()> on_emit;
  int64_t rows = 0;
  std::vector<SchemaPtr> schemas;
  std::vector<FieldChange> changes;
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  std::vector<std::pair<int64_t, StateMessage>> checkpoints;  // with the rows before it
  std::map<std::string, StreamStatus> statuses;
  std::map<std::string, Error> errors;

 private:
  std::mutex mutex_;
};

/// For tests: a database of its own in the one server of this process, and sources that read it.
class SourceFixture : public ::testing::Test {
 protected:
  static TemporaryServer& Server() {
    static std::unique_ptr<TemporaryServer> server = [] {
      auto started = TemporaryServer::Start();
      // Loudly: a machine that can't run these tests must not look as if it had.
      MR_CHECK(started.ok(), started.status().ToString());
      return *std::move(started);
    }();
    return *server;
  }

  void SetUp() override {
    static std::atomic<int> count = 0;
    database_ = "db" + std::to_string(++count);
    PgOptions options = Server().options();
    auto maker = PgConnection::Connect(options);
    ASSERT_TRUE(maker.ok()) << maker.status().ToString();
    ASSERT_TRUE((*maker)->Execute("CREATE DATABASE " + database_).ok());
    options.database = database_;
    auto admin = PgConnection::Connect(options);
    ASSERT_TRUE(admin.ok());
    admin_ = *std::move(admin);
  }

  void Sql(const std::string& sql) {
    const Status status = admin_->Execute(sql);
    ASSERT_TRUE(status.ok()) << sql << ": " << status.ToString();
  }
  /// The first value of the first row.
  std::string Ask(const std::string& sql) {
    const auto rows = admin_->Query(sql);
    EXPECT_TRUE(rows.ok()) << rows.status().ToString();
    return rows.ok() && rows->num_rows() > 0 ? rows->Text(0, 0) : "";
  }

  Json Config(const char* more = "{}") const {
    Json config{{"host", "127.0.0.1"},
                {"port", Server().port()},
                {"database", database_},
                {"username", "admin"},
                {"password", TemporaryServer::kPassword}};
    config.update(Json::parse(more));
    return config;
  }
  std::unique_ptr<ResumableSource> Open(const char* more = "{}") const {
    auto source = MakePostgresSource(Config(more));
    EXPECT_TRUE(source.ok()) << source.status().ToString();
    return std::unique_ptr<ResumableSource>(static_cast<ResumableSource*>((*source).release()));
  }

  /// The discovered stream, configured; with a cursor it is incremental.
  ConfiguredStream Configured(const std::string& table, const std::string& cursor = "") const {
    ConfiguredStream configured;
    const auto catalog = Open()->Discover();
    EXPECT_TRUE(catalog.ok()) << catalog.status().ToString();
    for (const Stream& stream : catalog->streams) {
      if (stream.descriptor.name == table) configured.stream = stream;
    }
    EXPECT_EQ(configured.stream.descriptor.name, table) << "not discovered";
    if (!cursor.empty()) {
      configured.sync_mode = SyncMode::kIncremental;
      configured.cursor_field = {cursor};
    }
    return configured;
  }

  /// What the pipeline does with one stream; returns the state that it would save.
  State Sync(PartitionedSource& source, const ConfiguredStream& stream, const State& from,
             RecordedOutput& output) const {
    const auto partitions = source.Split(stream, from);
    EXPECT_TRUE(partitions.ok()) << partitions.status().ToString();
    if (!partitions.ok()) return from;
    if (partitions->empty()) {
      const Status status = source.Read({{stream}}, from, output, {});
      EXPECT_TRUE(status.ok()) << status.ToString();
      for (const auto& [name, error] : output.errors) ADD_FAILURE() << error.message;
    } else {
      for (const Partition& partition : *partitions) {
        const Status status = source.ReadPartition(stream, partition, output, {});
        EXPECT_TRUE(status.ok()) << status.ToString();
      }
      std::vector<std::string> done;
      for (const Partition& partition : *partitions) done.push_back(partition.id);
      auto state = source.StateAfter(stream, done);
      EXPECT_TRUE(state.ok()) << state.status().ToString();
      if (!state.ok()) return from;
      EXPECT_TRUE(output.Checkpoint(*state).ok());
    }
    return output.LastState();
  }
  State Sync(const ConfiguredStream& stream, const State& from, RecordedOutput& output) const {
    return Sync(*Open(), stream, from, output);
  }

  std::string database_;
  std::unique_ptr<PgConnection> admin_;
};

}  // namespace millrace
