#include "sources/postgres/postgres_source.h"

#include <arrow/type.h>

#include <algorithm>
#include <atomic>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/log.h"
#include "connector/json_schema.h"
#include "connector/read_in_turn.h"
#include "connector/resumable_source.h"
#include "sources/postgres/connection_pool.h"
#include "sources/postgres/discovery.h"
#include "sources/postgres/postgres_config.h"
#include "sources/postgres/snapshot_reader.h"

namespace millrace {
namespace {

/// Streams read by their cursor at the same time: enough to hide round trips, few enough for any
/// server.
constexpr size_t kStreamsAtOnce = 4;

Stream StreamOf(const PostgresTable& table, ReplicationMethod method) {
  arrow::FieldVector fields;
  for (const TableColumn& column : table.columns) {
    fields.push_back(arrow::field(column.name, column.type.arrow, !column.not_null));
  }
  Stream stream;
  stream.descriptor = table.descriptor();
  stream.json_schema = JsonValue(JsonSchemaOf(arrow::Schema(std::move(fields))));
  stream.supported_sync_modes = {SyncMode::kFullRefresh, SyncMode::kIncremental};
  stream.is_resumable = table.HasPages();
  if (method == ReplicationMethod::kXmin) {
    // Views and foreign tables have no transaction ids.
    stream.source_defined_cursor = table.kind != 'v' && table.kind != 'f';
    if (!stream.source_defined_cursor) stream.supported_sync_modes = {SyncMode::kFullRefresh};
  }
  for (const std::string& column : table.primary_key) {
    stream.source_defined_primary_key.push_back({column});
  }
  return stream;
}

/// A failure that says what was being read; outcomes that are no failure stay what they are.
Status About(const Status& status, const StreamDescriptor& stream) {
  return status.WithContext("reading " + stream.ToString()).WithStream(stream);
}

class PostgresSource : public ResumableSource {
 public:
  explicit PostgresSource(PostgresConfig config)
      : config_(std::move(config)),
        scope_{config_.schemas, config_.check_privileges},
        pool_(config_.connection, config_.max_connections),
        reader_(pool_, scope_, config_.method) {}

  Status Check() override;
  Result<Catalog> Discover() override;
  Status Read(const ConfiguredCatalog& catalog, const State& resume_from, SourceOutput& output,
              std::stop_token stop) override;

  Result<std::vector<Partition>> Split(const ConfiguredStream& stream,
                                       const State& resume_from) override {
    MR_RETURN_IF_ERROR(reader_.Prepare({}));
    auto partitions = reader_.Split(stream, resume_from, {});
    if (!partitions.ok()) return About(partitions.status(), stream.descriptor());
    return partitions;
  }
  Status ReadPartition(const ConfiguredStream& stream, const Partition& partition,
                       SourceOutput& output, std::stop_token stop) override {
    return About(reader_.ReadPartition(stream, partition, output, stop), stream.descriptor());
  }
  Result<StateMessage> StateAfter(const ConfiguredStream& stream,
                                  const std::vector<std::string>& done) override {
    auto state = reader_.StateAfterPartitions(stream, done.size(), {});
    if (!state.ok()) return About(state.status(), stream.descriptor());
    return state;
  }
  std::optional<std::chrono::milliseconds> CheckpointInterval(
      const ConfiguredStream& stream) override {
    if (!reader_.HasStatesOnTheWay(stream)) return std::nullopt;
    return config_.checkpoint_interval;
  }
  Result<bool> CanGoOn(const ConfiguredStream& stream, const State& saved,
                       std::stop_token stop) override {
    return reader_.CanGoOn(stream, saved, std::move(stop));
  }

 private:
  Status CheckSchemas(PgConnection& connection);
  /// kCanceled ends the read; what else becomes of a stream is reported.
  Status ReadAndReport(const ConfiguredStream& stream, const State& resume_from,
                       SourceOutput& output, std::stop_token stop);
  Status ReadStream(const ConfiguredStream& stream, const State& resume_from, SourceOutput& output,
                    std::stop_token stop);

  const PostgresConfig config_;
  const DiscoveryScope scope_;
  ConnectionPool pool_;
  SnapshotReader reader_;
};

Status PostgresSource::CheckSchemas(PgConnection& connection) {
  for (const std::string& schema : config_.schemas) {
    MR_ASSIGN_OR_RETURN(const PgRows rows,
                        connection.Query("SELECT pg_catalog.has_schema_privilege(oid, 'USAGE') "
                                         "FROM pg_catalog.pg_namespace WHERE nspname = $1",
                                         {schema}));
    if (rows.num_rows() == 0) {
      return ConfigError("the database {} has no schema \"{}\": see \"schemas\"",
                         config_.connection.database, schema);
    }
    if (!rows.Bool(0, 0)) {
      return ConfigError("the user {} may not use the schema \"{}\": GRANT USAGE ON SCHEMA",
                         config_.connection.user, schema);
    }
  }
  return Status::Ok();
}

Status PostgresSource::Check() {
  MR_ASSIGN_OR_RETURN(auto connection, pool_.Acquire({}));
  MR_RETURN_IF_ERROR(CheckSchemas(*connection));
  MR_ASSIGN_OR_RETURN(const auto readable, DiscoverTables(*connection, {scope_.schemas, true}));
  if (!readable.empty()) return Status::Ok();
  MR_ASSIGN_OR_RETURN(const auto all, DiscoverTables(*connection, {scope_.schemas, false}));
  if (!all.empty()) {
    return ConfigError("the user {} may read none of the {} tables (for one, {}): GRANT SELECT",
                       config_.connection.user, all.size(), all.front().descriptor().ToString());
  }
  Log(LogLevel::kWarn, "the database {} has no tables yet", config_.connection.Where());
  return Status::Ok();
}

Result<Catalog> PostgresSource::Discover() {
  MR_ASSIGN_OR_RETURN(auto connection, pool_.Acquire({}));
  MR_RETURN_IF_ERROR(CheckSchemas(*connection));
  MR_ASSIGN_OR_RETURN(const auto tables, DiscoverTables(*connection, scope_));
  Catalog catalog;
  for (const PostgresTable& table : tables)
    catalog.streams.push_back(StreamOf(table, config_.method));
  return catalog;
}

Status PostgresSource::ReadStream(const ConfiguredStream& stream, const State& resume_from,
                                  SourceOutput& output, std::stop_token stop) {
  MR_ASSIGN_OR_RETURN(const auto partitions, reader_.Split(stream, resume_from, stop));
  if (partitions.empty()) return reader_.ReadByCursor(stream, resume_from, output, stop);
  Deadline checkpoint = Deadline::After(config_.checkpoint_interval);
  for (size_t done = 1; done <= partitions.size(); ++done) {
    MR_RETURN_IF_ERROR(reader_.ReadPartition(stream, partitions[done - 1], output, stop));
    const bool due = checkpoint.Passed() && reader_.HasStatesOnTheWay(stream);
    if (done < partitions.size() && !due) continue;
    MR_ASSIGN_OR_RETURN(StateMessage state, reader_.StateAfterPartitions(stream, done, stop));
    MR_RETURN_IF_ERROR(output.Checkpoint(std::move(state)));
    checkpoint = Deadline::After(config_.checkpoint_interval);
  }
  return Status::Ok();
}

Status PostgresSource::Read(const ConfiguredCatalog& catalog, const State& resume_from,
                            SourceOutput& output, std::stop_token stop) {
  MR_RETURN_IF_ERROR(reader_.Prepare(stop));
  std::atomic<size_t> next = 0;
  std::atomic<bool> canceled = false;
  const auto read_streams = [&] {
    for (size_t i; (i = next++) < catalog.streams.size() && !canceled;) {
      if (stop.stop_requested() ||
          ReadAndReport(catalog.streams[i], resume_from, output, stop).canceled()) {
        canceled = true;
      }
    }
  };
  // One connection of the pool holds the snapshot.
  const size_t threads_max = std::min(
      {catalog.streams.size(), kStreamsAtOnce, static_cast<size_t>(config_.max_connections - 1)});
  {
    std::vector<std::jthread> threads;
    for (size_t i = 1; i < threads_max; ++i) threads.emplace_back(read_streams);
    read_streams();
  }
  return canceled ? Status::Canceled() : Status::Ok();
}

Status PostgresSource::ReadAndReport(const ConfiguredStream& stream, const State& resume_from,
                                     SourceOutput& output, std::stop_token stop) {
  const StreamDescriptor& descriptor = stream.descriptor();
  return ReadReported(descriptor, output, [&] {
    return About(ReadStream(stream, resume_from, output, stop), descriptor);
  });
}

}  // namespace

Result<std::unique_ptr<Source>> MakePostgresSource(const Json& config) {
  MR_ASSIGN_OR_RETURN(PostgresConfig parsed, PostgresConfigFromJson(config));
  return std::unique_ptr<Source>(std::make_unique<PostgresSource>(std::move(parsed)));
}

}  // namespace millrace
