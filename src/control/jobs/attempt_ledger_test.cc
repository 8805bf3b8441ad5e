#include "control/jobs/attempt_ledger.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/file_io.h"
#include "control/jobs/attempt_claim.h"
#include "control/jobs/attempt_document.h"
#include "control/jobs/job_service.h"
#include "control/jobs/lease_span.h"
#include "control/jobs/source_look.h"
#include "control/jobs/testing/jobs_fixture.h"
#include "control/store/connection_states.h"
#include "control/store/stream_statuses.h"
#include "subprocess/scratch_folder.h"

namespace millrace {
namespace {

constexpr int64_t kLease = 60'000'000;
const StreamDescriptor kOrders{"orders", "public"}, kItems{"items", "public"};

class AttemptLedgerTest : public JobsFixture {
 protected:
  void SetUp() override {
    JobsFixture::SetUp();
    service_ = std::make_unique<JobService>(database(), clock_);
  }
  int64_t Now() const { return clock_.WallNow().time_since_epoch().count(); }

  int64_t Ask(JobRequest request) {
    const auto created = service_->Create(request);
    EXPECT_TRUE(created.ok() && created->outcome == JobCreation::Outcome::kCreated);
    return created->job.job.id;
  }
  std::optional<AttemptClaim> Claim(int64_t per_source_max = 0) {
    std::optional<AttemptClaim> claim;
    Write([&](SqlTransaction& t) -> Status {
      MR_ASSIGN_OR_RETURN(
          claim, ClaimAttempt(t, database().engine(), {"w1", kLease, per_source_max}, Now()));
      return Status::Ok();
    });
    return claim;
  }
  static AttemptKey KeyOf(const AttemptClaim& claim) {
    return {claim.job.id, claim.attempt.number, claim.attempt.fencing_token};
  }
  bool End(const AttemptKey& key, bool succeeded, FailureType type = FailureType::kTransientError) {
    bool ended = false;
    Write([&](SqlTransaction& t) -> Status {
      AttemptEnd end{succeeded, {}};
      if (!succeeded)
        end.failures = {FailureJson({type, "no", "", {}}, FailureOrigin::kSource, Now())};
      MR_ASSIGN_OR_RETURN(ended, EndAttempt(t, key, end, Now()));
      return Status::Ok();
    });
    return ended;
  }
  bool Save(const AttemptKey& key, const char* cursor, CheckpointId checkpoint) {
    bool stored = false;
    Write([&](SqlTransaction& t) -> Status {
      MR_ASSIGN_OR_RETURN(
          stored, StoreAttemptState(t, key, "a", StateMessage::OfStream(kOrders, {{"at", cursor}}),
                                    checkpoint, Now()));
      return Status::Ok();
    });
    return stored;
  }
  bool Progress(const AttemptKey& key, std::vector<StreamReport> streams) {
    std::map<StreamDescriptor, StreamReport> all;
    for (const StreamReport& stream : streams) all[stream.stream] = stream;
    bool stored = false;
    Write([&](SqlTransaction& t) -> Status {
      MR_ASSIGN_OR_RETURN(stored,
                          StoreAttemptProgress(t, key, "a", AttemptStats(all, 0), streams, Now()));
      return Status::Ok();
    });
    return stored;
  }
  ConnectionState StateOfA() {
    ConnectionState state;
    Write([&](SqlTransaction& t) -> Status {
      MR_ASSIGN_OR_RETURN(auto found, FindConnectionState(t, "a"));
      state = found.value_or(ConnectionState());
      return Status::Ok();
    });
    return state;
  }
  JobWithAttempts Read(int64_t id) { return **service_->Find(id); }

  std::unique_ptr<JobService> service_;
};

TEST_P(AttemptLedgerTest, WhatAConnectorChangedIsStoredForAsLongAsTheAttemptIsOurs) {
  const ScratchFolder folder = *ScratchFolder::Make();
  const SecretBox box = *SecretBox::Load(folder.path() / "key");
  const auto store = [&](SqlTransaction& t, const Json& config) -> Status {
    MR_ASSIGN_OR_RETURN(auto actor, FindActor(t, ConnectorType::kSource, "s"));
    actor->sealed_configuration = box.Seal(config.dump());
    return UpdateActor(t, *actor);
  };
  Write([&](SqlTransaction& t) { return store(t, {{"host", "${HOST}"}, {"token", "a"}}); });
  JobRequest request;
  request.connection_id = "a";
  Ask(request);
  const AttemptKey key = KeyOf(*Claim());
  const auto change = [&](const AttemptKey& whose, const char* token) {
    bool stored = false;
    Write([&](SqlTransaction& t) -> Status {
      const ConfigChange change{"source", Json{{"host", "h"}, {"token", "a"}},
                                Json{{"host", "h"}, {"token", token}}};
      MR_ASSIGN_OR_RETURN(stored, StoreAttemptConfiguration(t, whose, "a", box, change, Now()));
      return Status::Ok();
    });
    return stored;
  };
  const auto stored = [&] {
    Json config;
    Write([&](SqlTransaction& t) -> Status {
      MR_ASSIGN_OR_RETURN(const auto actor, FindActor(t, ConnectorType::kSource, "s"));
      MR_ASSIGN_OR_RETURN(const std::string text, box.Open(actor->sealed_configuration));
      config = Json::parse(text);
      return Status::Ok();
    });
    return config;
  };
  EXPECT_TRUE(change(key, "b"));
  EXPECT_EQ(stored(), (Json{{"host", "${HOST}"}, {"token", "b"}}));
  EXPECT_FALSE(change({key.job, key.number, key.fencing_token - 1}, "c"));
  ASSERT_TRUE(End(key, /*succeeded=*/true));
  EXPECT_FALSE(change(key, "d")) << "it has ended";
  EXPECT_EQ(stored()["token"], Json("b"));
}

TEST_P(AttemptLedgerTest, AJobGoesToOneWorkerWithWhatItNeeds) {
  const int64_t id = Ask({.connection_id = "a"});
  const auto claim = Claim();
  ASSERT_TRUE(claim);
  EXPECT_TRUE(claim->problem.ok()) << claim->problem.ToString();
  EXPECT_EQ(claim->job.id, id);
  EXPECT_EQ(claim->job.status, "running");
  ASSERT_EQ(claim->catalog.streams.size(), 2u);
  EXPECT_EQ(claim->catalog.streams[0].generation_id, 1);
  EXPECT_EQ(claim->catalog.streams[0].sync_id, id);
  EXPECT_EQ(StateOfA().fencing_token, claim->attempt.fencing_token);
  EXPECT_FALSE(claim->saved.epoch.empty());
  EXPECT_FALSE(Claim()) << "it is taken";
}

TEST_P(AttemptLedgerTest, ASyncWaitsForTheLookAtItsSourceWhereThereIsOne) {
  const int64_t id = Ask({.connection_id = "a"});
  const auto claim = [&] {
    std::optional<AttemptClaim> claimed;
    Write([&](SqlTransaction& t) -> Status {
      MR_ASSIGN_OR_RETURN(claimed, ClaimAttempt(t, database().engine(),
                                                {"w1", kLease, 0, /*after_look=*/true}, Now()));
      return Status::Ok();
    });
    return claimed.has_value();
  };
  EXPECT_FALSE(claim());
  Write([&](SqlTransaction& t) -> Status {
    MR_ASSIGN_OR_RETURN(const auto waiting, JobsToLookFor(t, 10));
    EXPECT_EQ(waiting.size(), 1u);
    EXPECT_EQ(waiting.at(0).connection_id, "a");
    return t.Execute("UPDATE job SET looked = 1 WHERE id = :1", {id}).status();
  });
  EXPECT_TRUE(claim());
  Ask({.connection_id = "b", .config_type = "clear"});
  EXPECT_TRUE(claim()) << "a clear asks no source";
}

TEST_P(AttemptLedgerTest, OneSourceIsNotReadByTooMany) {
  Ask({.connection_id = "a"});
  Ask({.connection_id = "b"});
  const auto first = Claim(/*per_source_max=*/1);
  ASSERT_TRUE(first);
  EXPECT_FALSE(Claim(1));
  EXPECT_TRUE(Claim(2));
}

TEST_P(AttemptLedgerTest, AnOlderAttemptChangesNothing) {
  const int64_t id = Ask({.connection_id = "a"});
  const AttemptKey first = KeyOf(*Claim());
  EXPECT_TRUE(Save(first, "1", 1));
  EXPECT_TRUE(Save(first, "0", 1)) << "an answer that was lost is asked for again";
  EXPECT_EQ(StateOfA().saved.state.Find(kOrders)->at("at"), "1");
  ASSERT_TRUE(End(first, false));
  EXPECT_EQ(Read(id).job.status, "incomplete");
  clock_.Advance(std::chrono::seconds(10));
  const auto second = Claim();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->attempt.number, 1);
  EXPECT_FALSE(Save(first, "9", 9));
  EXPECT_FALSE(Progress(first, {}));
  EXPECT_FALSE(End(first, true));
  EXPECT_TRUE(Save(KeyOf(*second), "2", 2));
  EXPECT_TRUE(End(KeyOf(*second), true));
  EXPECT_EQ(StateOfA().saved.state.Find(kOrders)->at("at"), "2");
  EXPECT_EQ(Read(id).job.status, "succeeded");
}

TEST_P(AttemptLedgerTest, RetriesWaitAsTheLadderSaysAndEnd) {
  const int64_t id = Ask({.connection_id = "a"});
  for (const int wait : {10, 30, 90, 270}) {
    const auto claim = Claim();
    ASSERT_TRUE(claim) << wait;
    EXPECT_TRUE(End(KeyOf(*claim), false));
    clock_.Advance(std::chrono::seconds(wait) - std::chrono::milliseconds(1));
    EXPECT_FALSE(Claim()) << wait;
    clock_.Advance(std::chrono::milliseconds(1));
  }
  EXPECT_TRUE(End(KeyOf(*Claim()), false));
  const JobWithAttempts job = Read(id);
  EXPECT_EQ(job.job.status, "failed");
  EXPECT_EQ(job.attempts.size(), 5u);
  EXPECT_EQ(job.attempts[4].document->at("failureSummary").at("failures").size(), 1u);
}

TEST_P(AttemptLedgerTest, AConfigErrorIsNotTriedAgain) {
  const int64_t id = Ask({.connection_id = "a"});
  EXPECT_TRUE(End(KeyOf(*Claim()), false, FailureType::kConfigError));
  EXPECT_EQ(Read(id).job.status, "failed");
}

TEST_P(AttemptLedgerTest, RowsThatWereCommittedBringTheNextAttemptAtOnceForWhatIsLeft) {
  Ask({.connection_id = "a"});
  const AttemptKey key = KeyOf(*Claim());
  StreamReport orders, items;
  orders.stream = kOrders;
  orders.status = "COMPLETE";
  orders.records_read = orders.records_committed = 5;
  items.stream = kItems;
  items.status = "RUNNING";
  EXPECT_TRUE(Progress(key, {orders, items}));
  EXPECT_TRUE(End(key, false));
  const auto next = Claim();
  ASSERT_TRUE(next);
  ASSERT_EQ(next->catalog.streams.size(), 1u);
  EXPECT_EQ(next->catalog.streams[0].descriptor(), kItems);
  EXPECT_EQ(next->catalog.streams[0].generation_id, 2) << "a full refresh that is read again";
  Write([&](SqlTransaction& t) -> Status {
    MR_ASSIGN_OR_RETURN(const auto statuses, ListStreamStatuses(t, key.job, key.number));
    EXPECT_EQ(statuses.size(), 2u);
    for (const StoredStreamStatus& status : statuses) {
      EXPECT_EQ(status.run_state, status.stream == kOrders ? "complete" : "incomplete");
    }
    return Status::Ok();
  });
}

TEST_P(AttemptLedgerTest, ACancelledJobEndsWithItsAttempt) {
  const int64_t id = Ask({.connection_id = "a"});
  const AttemptKey key = KeyOf(*Claim());
  ASSERT_TRUE(service_->Cancel(id, "ann", std::chrono::milliseconds(0)).ok());
  Write([&](SqlTransaction& t) -> Status {
    MR_ASSIGN_OR_RETURN(const auto jobs, JobsToCancel(t, "w1"));
    EXPECT_EQ(jobs, std::vector<int64_t>{id});
    return Status::Ok();
  });
  EXPECT_TRUE(End(key, false));
  EXPECT_EQ(Read(id).job.status, "cancelled");
}

TEST_P(AttemptLedgerTest, ALeaseThatIsNotRenewedIsLost) {
  Ask({.connection_id = "a"});
  const AttemptKey key = KeyOf(*Claim());
  const auto lost = [&] {
    size_t count = 0;
    Write([&](SqlTransaction& t) -> Status {
      MR_ASSIGN_OR_RETURN(const auto attempts, LostAttempts(t, Now()));
      count = attempts.size();
      return Status::Ok();
    });
    return count;
  };
  clock_.Advance(std::chrono::seconds(59));
  EXPECT_EQ(lost(), 0u);
  Write([&](SqlTransaction& t) -> Status {
    MR_ASSIGN_OR_RETURN(const bool renewed, RenewAttemptLease(t, key, Now() + kLease));
    EXPECT_TRUE(renewed);
    return Status::Ok();
  });
  clock_.Advance(std::chrono::seconds(59));
  EXPECT_EQ(lost(), 0u);
  clock_.Advance(std::chrono::seconds(2));
  EXPECT_EQ(lost(), 1u);
  EXPECT_TRUE(End(key, false));
  EXPECT_EQ(lost(), 0u);
}

TEST_P(AttemptLedgerTest, TheLongestLeaseIsNoNonsense) {
  Ask({.connection_id = "a"});
  const AttemptKey key = KeyOf(*Claim());
  const auto lost_with = [&](std::chrono::microseconds lease) {
    size_t count = 0;
    Write([&](SqlTransaction& t) -> Status {
      MR_RETURN_IF_ERROR(RenewAttemptLease(t, key, Now() + lease.count()).status());
      MR_ASSIGN_OR_RETURN(const auto attempts, LostAttempts(t, Now()));
      count = attempts.size();
      return Status::Ok();
    });
    return count;
  };
  EXPECT_EQ(lost_with(kLeaseSpanMost), 0u);
  EXPECT_EQ(lost_with(kLeaseSpanMost + std::chrono::minutes(1)), 0u) << "its clock is ahead";
  EXPECT_EQ(lost_with(kLeaseNonsense + std::chrono::seconds(1)), 1u);
}

TEST_P(AttemptLedgerTest, AClockThatWasSetBackKeepsNobodyWaiting) {
  const auto day = std::chrono::hours(24);
  Ask({.connection_id = "a"});
  const AttemptKey first = KeyOf(*Claim());
  EXPECT_TRUE(End(first, false));
  EXPECT_FALSE(Claim()) << "it waits for its next attempt";
  clock_.Advance(-day);
  const auto second = Claim();
  ASSERT_TRUE(second) << "not for a day";
  EXPECT_GT(second->attempt.fencing_token, first.fencing_token) << "tokens grow nevertheless";
  EXPECT_FALSE(Save(first, "1", 1));
  EXPECT_TRUE(Save(KeyOf(*second), "2", 1));
  clock_.Advance(-day);
  Write([&](SqlTransaction& t) -> Status {
    MR_ASSIGN_OR_RETURN(const auto lost, LostAttempts(t, Now()));
    EXPECT_EQ(lost.size(), 1u) << "its worker would have renewed the lease by this clock";
    return Status::Ok();
  });
}

TEST_P(AttemptLedgerTest, AClockThatJumpsAheadLosesNoState) {
  Ask({.connection_id = "a"});
  const AttemptKey key = KeyOf(*Claim());
  EXPECT_TRUE(Save(key, "1", 1));
  clock_.Advance(std::chrono::hours(24 * 365));
  // Whoever runs it renews its lease before anybody else looks, or is given up: then it is refused.
  EXPECT_TRUE(Save(key, "2", 2));
  EXPECT_TRUE(End(key, false));
  clock_.Advance(std::chrono::hours(1));
  const auto next = Claim();
  ASSERT_TRUE(next);
  EXPECT_EQ(next->saved.checkpoint, 2);
  EXPECT_FALSE(Save(key, "3", 3)) << "an older attempt";
  EXPECT_TRUE(Save(KeyOf(*next), "4", 4));
}

TEST_P(AttemptLedgerTest, AClearEmptiesTablesAndForgetsTheirStatesOnly) {
  Ask({.connection_id = "a"});
  const AttemptKey sync = KeyOf(*Claim());
  EXPECT_TRUE(Save(sync, "1", 1));
  Write([&](SqlTransaction& t) -> Status {
    MR_ASSIGN_OR_RETURN(
        const bool stored,
        StoreAttemptState(t, sync, "a", StateMessage::OfStream(kItems, {{"at", "7"}}), 2, Now()));
    EXPECT_TRUE(stored);
    return Status::Ok();
  });
  EXPECT_TRUE(End(sync, true));
  const std::string epoch = StateOfA().saved.epoch;
  Ask({.connection_id = "a", .config_type = "clear", .streams = {kOrders}});
  const auto claim = Claim();
  ASSERT_TRUE(claim);
  ASSERT_EQ(claim->catalog.streams.size(), 1u);
  EXPECT_TRUE(claim->catalog.streams[0].replaces_table());
  const SavedState saved = StateOfA().saved;
  EXPECT_EQ(saved.state.Find(kOrders), nullptr);
  EXPECT_NE(saved.state.Find(kItems), nullptr);
  EXPECT_NE(saved.epoch, epoch);
}

TEST_P(AttemptLedgerTest, ARefreshBeginsAnewOnce) {
  Ask({.connection_id = "a", .config_type = "refresh", .streams = {kOrders}});
  const auto first = Claim();
  ASSERT_TRUE(first);
  ASSERT_EQ(first->catalog.streams.size(), 2u) << "the others are synced as ever";
  EXPECT_TRUE(first->catalog.streams[0].replaces_table());
  EXPECT_FALSE(first->catalog.streams[1].replaces_table());
}

TEST_P(AttemptLedgerTest, AJobOfADeletedConnectionIsCancelled) {
  const int64_t id = Ask({.connection_id = "a"});
  Write([&](SqlTransaction& t) { return DeleteConnection(t, "a", Now()); });
  EXPECT_FALSE(Claim());
  EXPECT_EQ(Read(id).job.status, "cancelled");
}

INSTANTIATE_TEST_SUITE_P(Engines, AttemptLedgerTest, testing::Values("sqlite", "postgres"));

}  // namespace
}  // namespace millrace
