#include "destinations/postgres/postgres_load.h"

#include <chrono>
#include <map>
#include <optional>
#include <utility>

#include "destinations/postgres/retried_transaction.h"
#include "destinations/postgres/stage_writer.h"
#include "destinations/sql/sql_name.h"

namespace millrace {
namespace {

constexpr std::chrono::seconds kHaste{1};

class PostgresLoad : public Load {
 public:
  PostgresLoad(const PostgresDestinationConfig& config, const ConfiguredCatalog& catalog,
               const LoadContext& context, CommitListener& listener)
      : catalog_(catalog),
        context_(context),
        listener_(listener),
        options_(config.connection),
        ledger_(config.internal_schema),
        connections_(config.connection, context.abandon),
        transactions_(config.connection, context.abandon) {}

  /// Takes every table over. Once, before anything else.
  Status Open(const PostgresDestinationConfig& config);

  Result<std::unique_ptr<StreamWriter>> OpenWriter(const ConfiguredStream& stream,
                                                   const SchemaPtr& schema, int lane) override;
  Status Commit(const Checkpoint& checkpoint, std::vector<StagedParts> parts) override;
  Status FinishStream(const StreamDescriptor& stream, StreamStatus status) override;
  bool HasCommitsOf(const StreamDescriptor& stream) const override {
    const auto found = targets_.find(stream);
    return found != targets_.end() && found->second->has_commits();
  }
  Status Close() override;

 private:
  Result<StreamTarget*> Find(const StreamDescriptor& stream);
  Status AddTarget(const ConfiguredStream& stream, const PostgresDestinationConfig& config);
  Status CommitParts(CheckpointId checkpoint, const std::vector<StagedParts>& parts);
  /// For a last statement after a stop: whatever takes longer than a second fails.
  Result<std::unique_ptr<PgConnection>> ConnectInHaste() const;

  const ConfiguredCatalog catalog_;  // the targets refer to its streams
  const LoadContext context_;
  CommitListener& listener_;
  const PgOptions options_;
  const LoadLedger ledger_;
  DestinationConnections connections_;
  RetriedTransactions transactions_;
  std::map<StreamDescriptor, std::unique_ptr<StreamTarget>> targets_;  // fixed after Open
  std::map<TableName, const StreamTarget*> tables_;
  std::optional<Status> failed_;  // of the first commit that did
};

Status PostgresLoad::AddTarget(const ConfiguredStream& stream,
                               const PostgresDestinationConfig& config) {
  TableName table = TableOf(stream, config);
  if (tables_.contains(table)) {
    // "a b" and "a-b", in one schema: the second in the catalog's order gets a name of its own.
    table.name = DistinctSqlName(table.name, stream.destination.ToString(), kIdentifierBytesMax);
  }
  auto target = std::make_unique<StreamTarget>(stream, table, config.target, context_, ledger_);
  if (!tables_.emplace(table, target.get()).second) {
    return ConfigError("streams {} and {} would share the table {}; leave one of them out",
                       tables_[table]->stream().descriptor().ToString(),
                       stream.descriptor().ToString(), table.ToString());
  }
  targets_[stream.descriptor()] = std::move(target);
  return Status::Ok();
}

Status PostgresLoad::Open(const PostgresDestinationConfig& config) {
  for (const ConfiguredStream& stream : catalog_.streams) {
    if (stream.deduplicates() && stream.primary_key.empty() && stream.replace_by.empty() &&
        !config.target.raw) {
      return ConfigError("stream {}: {} needs a primary_key", stream.descriptor().ToString(),
                         ToString(stream.destination_sync_mode))
          .WithStream(stream.descriptor());
    }
    MR_RETURN_IF_ERROR(AddTarget(stream, config));
  }
  MR_ASSIGN_OR_RETURN(PgConnection * connection, transactions_.Connection());
  MR_RETURN_IF_ERROR(ledger_.Ensure(*connection));
  for (const auto& [descriptor, target] : targets_) {
    const Status status =
        transactions_.Run([&](PgConnection& open) { return target->Recover(open); });
    if (!status.ok()) {
      return status.WithContext("opening table " + target->table().ToString())
          .WithStream(descriptor);
    }
  }
  return Status::Ok();
}

Result<StreamTarget*> PostgresLoad::Find(const StreamDescriptor& stream) {
  const auto found = targets_.find(stream);
  if (found == targets_.end()) {
    return SystemError("stream {} is not in the catalog of this load", stream.ToString());
  }
  return found->second.get();
}

Result<std::unique_ptr<StreamWriter>> PostgresLoad::OpenWriter(const ConfiguredStream& stream,
                                                               const SchemaPtr& schema, int lane) {
  MR_ASSIGN_OR_RETURN(StreamTarget * target, Find(stream.descriptor()));
  return MakeStageWriter(*target, connections_, context_.memory, schema, lane);
}

Status PostgresLoad::CommitParts(CheckpointId checkpoint, const std::vector<StagedParts>& parts) {
  std::map<StreamTarget*, std::vector<StagedPiece>> pieces;
  for (const StagedParts& part : parts) {
    MR_ASSIGN_OR_RETURN(StreamTarget * target, Find(part.stream));
    auto more = StagedPiecesOf(part);
    auto& of_target = pieces[target];
    of_target.insert(of_target.end(), more.begin(), more.end());
  }
  std::erase_if(pieces, [](const auto& entry) { return entry.second.empty(); });
  // A full refresh only remembers them: no transaction, and nothing that could be done twice.
  for (auto entry = pieces.begin(); entry != pieces.end();) {
    if (entry->first->lands_at_commit()) {
      ++entry;
      continue;
    }
    entry->first->Keep(checkpoint, entry->second);
    entry = pieces.erase(entry);
  }
  if (pieces.empty()) return Status::Ok();
  StreamTarget* const any = pieces.begin()->first;
  MR_RETURN_IF_ERROR(transactions_.Run(
      [&](PgConnection& connection) {
        for (const auto& [target, staged] : pieces) {
          const StreamDescriptor& stream = target->stream().descriptor();
          MR_RETURN_IF_ERROR(target->Commit(connection, checkpoint, staged)
                                 .WithContext("committing rows of " + stream.ToString())
                                 .WithStream(stream));
        }
        return Status::Ok();
      },
      [&](PgConnection& connection) { return any->HasCommitted(connection, checkpoint); }));
  for (const auto& [target, staged] : pieces) target->Settled();
  return Status::Ok();
}

Status PostgresLoad::Commit(const Checkpoint& checkpoint, std::vector<StagedParts> parts) {
  const Status status = failed_ ? *failed_ : CommitParts(checkpoint.id, parts);
  if (status.ok()) {
    listener_.Committed(checkpoint.id);
  } else {
    failed_ = status;
    listener_.CommitFailed(checkpoint.id, status);
  }
  return status;
}

Status PostgresLoad::FinishStream(const StreamDescriptor& stream, StreamStatus status) {
  MR_ASSIGN_OR_RETURN(StreamTarget * target, Find(stream));
  MR_RETURN_IF_ERROR(
      transactions_
          .Run([&](PgConnection& connection) { return target->Finish(connection, status); },
               [&](PgConnection& connection) { return target->HasFinished(connection); })
          .WithContext("finishing table " + target->table().ToString())
          .WithStream(stream));
  target->Settled();
  return Status::Ok();
}

Result<std::unique_ptr<PgConnection>> PostgresLoad::ConnectInHaste() const {
  PgOptions options = options_;
  options.connect_timeout = kHaste;
  MR_ASSIGN_OR_RETURN(auto connection, DestinationConnections::Connect(options));
  MR_RETURN_IF_ERROR(
      connection->Execute(fmt::format("SET lock_timeout = '{0}s'; SET "
                                      "statement_timeout = '{0}s'",
                                      kHaste.count())));
  return connection;
}

Status PostgresLoad::Close() {
  std::unique_ptr<PgConnection> hasty;
  PgConnection* connection = nullptr;
  if (context_.abandon.stop_requested()) {
    // The next attempt drops what is left: worth one short try.
    MR_ASSIGN_OR_RETURN(hasty, ConnectInHaste());
    connection = hasty.get();
  } else {
    MR_ASSIGN_OR_RETURN(connection, transactions_.Connection());
  }
  Status first;
  for (const auto& [stream, target] : targets_) {
    if (Status status = target->DropStages(*connection); !status.ok() && first.ok()) {
      first = status;
      if (hasty != nullptr) break;
    }
  }
  return first;
}

}  // namespace

TableName TableOf(const ConfiguredStream& stream, const PostgresDestinationConfig& config) {
  const StreamDescriptor& descriptor = stream.destination;
  const std::string name_space = descriptor.name_space.value_or(config.schema);
  if (config.target.raw) {
    return {config.internal_schema,
            SqlName(RawTableName(name_space, descriptor.name), kIdentifierBytesMax)};
  }
  return {SqlName(name_space, kIdentifierBytesMax), SqlName(descriptor.name, kIdentifierBytesMax)};
}

Result<std::unique_ptr<Load>> OpenPostgresLoad(const PostgresDestinationConfig& config,
                                               const ConfiguredCatalog& catalog,
                                               const LoadContext& context,
                                               CommitListener& listener) {
  auto load = std::make_unique<PostgresLoad>(config, catalog, context, listener);
  MR_RETURN_IF_ERROR(load->Open(config));
  return std::unique_ptr<Load>(std::move(load));
}

}  // namespace millrace
