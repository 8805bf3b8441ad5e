#include <gmock/gmock.h>

#include "pipeline/testing/run_sync_fixture.h"

namespace millrace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A destination that commits when it likes: it says nothing until its input has ended.
class LateDestination : public Destination {
 public:
  explicit LateDestination(Journal& journal) : journal_(journal) {}

  Status Check() override { return Status::Ok(); }
  bool makes_metadata() const override { return true; }
  Result<std::unique_ptr<Load>> OpenLoad(const ConfiguredCatalog&, const LoadContext&,
                                         CommitListener& listener) override;

  /// Called once the input has ended, on a thread of its own, with the ids that were handed over.
  std::function<void(CommitListener& listener, const std::vector<CheckpointId>& ids)> at_end;
  bool wants_checkpoints = true;

 private:
  friend class LateLoad;
  Journal& journal_;
};

class LateWriter : public StreamWriter {
 public:
  Status Write(const ChangeBatch&) override { return Status::Ok(); }
  Status SetSchema(const SchemaPtr&) override { return Status::Ok(); }
  Result<StagedParts> Flush() override { return StagedParts(); }
};

class LateLoad : public Load {
 public:
  LateLoad(LateDestination& world, CommitListener& listener) : world_(world), listener_(listener) {}

  Result<std::unique_ptr<StreamWriter>> OpenWriter(const ConfiguredStream&, const SchemaPtr&,
                                                   int) override {
    return std::make_unique<LateWriter>();
  }
  Status Commit(const Checkpoint& checkpoint, std::vector<StagedParts>) override {
    ids_.push_back(checkpoint.id);
    return Status::Ok();
  }
  Status EndStream(const StreamDescriptor& stream) override {
    world_.journal_.Add("end " + stream.ToString());
    return Status::Ok();
  }
  bool EndInput() override {
    world_.journal_.Add("end input");
    reporter_ = std::jthread([this] { world_.at_end(listener_, ids_); });
    return true;
  }
  bool WantsCheckpoint() const override { return world_.wants_checkpoints; }
  Status FinishStream(const StreamDescriptor&, StreamStatus) override { return Status::Ok(); }
  Status Close() override { return Status::Ok(); }

 private:
  LateDestination& world_;
  CommitListener& listener_;
  std::vector<CheckpointId> ids_;
  std::jthread reporter_;
};

Result<std::unique_ptr<Load>> LateDestination::OpenLoad(const ConfiguredCatalog&,
                                                        const LoadContext&,
                                                        CommitListener& listener) {
  return std::make_unique<LateLoad>(*this, listener);
}

/// Syncs of two streams, three checkpoints each: a has 1, 3, 5, or what is left of them.
class LateCommitTest : public RunSyncTest {
 protected:
  SyncSummary RunLate() {
    ScriptSource source(journal_, [](const auto&, const State&, SourceOutput& output,
                                     std::stop_token) { return ReadBoth(output, 3); });
    auto summary = RunSync(source, late_, states_, catalog_, options_, stop_.get_token());
    EXPECT_TRUE(summary.ok()) << summary.status().ToString();
    return summary.ok() ? *summary : SyncSummary();
  }
  int64_t SavedOf(const StreamDescriptor& stream) const {
    const Json* const state = states_.saved.state.Find(stream);
    return state == nullptr ? -1 : (*state)["at"].get<int64_t>();
  }

  LateDestination late_{journal_};
};

TEST_F(LateCommitTest, StreamsEndBeforeAnythingIsConfirmed) {
  late_.at_end = [](CommitListener& listener, const std::vector<CheckpointId>& ids) {
    for (const CheckpointId id : ids) listener.CommittedAlone(id);
    listener.LoadEnded(Status::Ok());
  };
  const SyncSummary summary = RunLate();
  EXPECT_EQ(summary.outcome, SyncOutcome::kSucceeded);
  EXPECT_EQ(summary.records_committed, 60);
  EXPECT_EQ(SavedOf(kA), 30);
  EXPECT_EQ(SavedOf(kB), 30);
  EXPECT_LT(journal_.Find("end a"), journal_.Find("end input"));
  EXPECT_LT(journal_.Find("end b"), journal_.Find("end input"));
}

TEST_F(LateCommitTest, StreamsAreConfirmedOutOfTurn) {
  late_.at_end = [](CommitListener& listener, const std::vector<CheckpointId>& ids) {
    for (auto id = ids.rbegin(); id != ids.rend(); ++id) listener.CommittedAlone(*id);
    listener.CommittedAlone(ids[0]);  // again
    listener.CommittedAlone(12345);   // never handed over
    listener.LoadEnded(Status::Ok());
  };
  const SyncSummary summary = RunLate();
  EXPECT_EQ(summary.outcome, SyncOutcome::kSucceeded);
  EXPECT_EQ(summary.last_saved, states_.saved.checkpoint);
  EXPECT_EQ(journal_.Count("saved"), 6);
  CheckpointId last = 0;  // a store takes no older checkpoint
  for (const std::string& line : journal_.lines()) {
    if (!line.starts_with("saved ")) continue;
    const CheckpointId id = std::stoull(line.substr(6));
    EXPECT_GT(id, last);
    last = id;
  }
}

TEST_F(LateCommitTest, WhatIsNotConfirmedIsNotSaved) {
  std::string log;
  std::mutex mutex;
  SetLogSink([&](LogLevel, std::string_view line) {
    const std::lock_guard lock(mutex);
    log += line;
  });
  late_.at_end = [](CommitListener& listener, const std::vector<CheckpointId>& ids) {
    listener.CommittedAlone(ids[0]);
    listener.LoadEnded(Status::Ok());
  };
  const SyncSummary summary = RunLate();
  SetLogSink({});
  EXPECT_EQ(summary.outcome, SyncOutcome::kSucceeded);
  EXPECT_EQ(summary.records_committed, 60);
  EXPECT_EQ(journal_.Count("saved"), 1);
  EXPECT_THAT(log, HasSubstr("did not confirm 5 of the states"));
}

TEST_F(LateCommitTest, AnEndThatFailsFailsTheSync) {
  for (const bool confirm : {false, true}) {
    late_.at_end = [&](CommitListener& listener, const std::vector<CheckpointId>& ids) {
      for (const CheckpointId id : ids) {
        if (confirm) listener.CommittedAlone(id);
      }
      listener.LoadEnded(SystemError("exit code 3"));
    };
    const SyncSummary summary = RunLate();
    EXPECT_EQ(summary.outcome, SyncOutcome::kFailed);
    EXPECT_EQ(summary.error->message, "exit code 3");
    EXPECT_EQ(summary.error_origin, FailureOrigin::kDestination);
    EXPECT_EQ(SavedOf(kA), confirm ? 30 : -1);
    for (const StreamProgress& stream : summary.streams) {
      EXPECT_EQ(stream.status, StreamStatus::kIncomplete) << "its table may not be finished";
    }
  }
}

TEST_F(LateCommitTest, FewerCheckpointsComeWhenFewerWouldDo) {
  late_.wants_checkpoints = false;
  std::vector<CheckpointId> handed_over;
  late_.at_end = [&](CommitListener& listener, const std::vector<CheckpointId>& ids) {
    handed_over = ids;
    for (const CheckpointId id : ids) listener.CommittedAlone(id);
    listener.LoadEnded(Status::Ok());
  };
  RunLate();
  EXPECT_THAT(handed_over, ElementsAre(1, 2)) << "at the streams' ends";
  EXPECT_EQ(SavedOf(kB), 30);
}

TEST_F(LateCommitTest, NormalizationIsRefused) {
  options_.normalization.basic = true;
  ScriptSource source(journal_, {});
  const auto summary = RunSync(source, late_, states_, catalog_, options_, stop_.get_token());
  ASSERT_FALSE(summary.ok());
  EXPECT_EQ(summary.status().error().type, FailureType::kConfigError);
  EXPECT_THAT(summary.status().ToString(), HasSubstr("normalization"));
}

}  // namespace
}  // namespace millrace
