#include "pipeline/run_sync.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "base/log.h"
#include "pipeline/testing/run_sync_fixture.h"

namespace millrace {
namespace {

constexpr int64_t kRows = 300;  // of each stream

/// One random world: streams that are synced, by one thread each or by one for all, into a
/// destination that commits in its own time, until something breaks at a random moment; then
/// again, until a sync comes through. Whatever happened, each row must be there once.
class RandomWorld {
 public:
  explicit RandomWorld(unsigned seed) : random_(seed) {
    for (int i = 0; i < Pick(1, 4); ++i) {
      catalog_.streams.push_back(TestStream(std::string(1, static_cast<char>('a' + i))));
    }
    global_ = Pick(0, 1) == 1;
    destination_.report_at_once = Pick(0, 2) == 0;
    destination_.on_commit = [this](CheckpointId) { return Live(); };
    destination_.on_durable = [this](CheckpointId) { return Live(); };
    destination_.on_write = [this](const StreamDescriptor&, int64_t) { return Live(); };
    states_.on_save = [this](const StateMessage& state, CheckpointId id) {
      MR_RETURN_IF_ERROR(Live());
      CheckDurable(state, id);
      return Status::Ok();
    };
  }

  void Run() {
    bool done = false;
    for (int attempt = 0; attempt < 60 && !done; ++attempt) {
      // Later attempts live longer, so that one comes through.
      life_ = Pick(1, 20) + attempt * 25;
      done = Sync() == SyncOutcome::kSucceeded;
    }
    EXPECT_TRUE(done);
    for (const ConfiguredStream& stream : catalog_.streams) {
      EXPECT_EQ(destination_.Ids(stream.descriptor()), Range(0, kRows))
          << stream.descriptor().ToString();
    }
    CheckOrder();
  }

 private:
  int Pick(int least, int most) { return std::uniform_int_distribution<int>(least, most)(random_); }

  /// Ok until the attempt's life is over; then everything fails.
  Status Live() { return --life_ > 0 ? Status::Ok() : TransientError("the world has ended"); }

  SyncOutcome Sync() {
    SyncOptions options;
    options.metadata = Pick(0, 1) == 1 ? MetadataMode::kNone : MetadataMode::kCurrent;
    options.commit_interval = std::chrono::milliseconds(Pick(0, 1) * 3'600'000);
    options.commit_bytes = Pick(0, 2000);
    options.writer_threads = Pick(1, 4);
    options.queue_bytes_max = Pick(1, 64) * 1024;
    options.uncommitted_bytes_max = Pick(1, 20) * 4096;
    const unsigned seed = random_();
    ScriptSource source(journal_, [&](const auto&, const State& from, SourceOutput& output,
                                      std::stop_token) { return Read(from, output, seed); });
    const auto summary = RunSync(source, destination_, states_, catalog_, options, {});
    EXPECT_TRUE(summary.ok());
    if (!summary.ok()) return SyncOutcome::kFailed;
    EXPECT_EQ(summary->last_saved, states_.saved.checkpoint);
    return summary->outcome;
  }

  Status Read(const State& from, SourceOutput& output, unsigned seed) {
    if (global_) return ReadGlobally(from, output, seed);
    std::vector<std::jthread> threads;
    for (const ConfiguredStream& stream : catalog_.streams) {
      threads.emplace_back([&, seed] { ReadStream(stream.descriptor(), from, output, seed); });
    }
    return Status::Ok();
  }

  static void ReadStream(const StreamDescriptor& stream, const State& from, SourceOutput& output,
                         unsigned seed) {
    std::mt19937 random(seed + static_cast<unsigned>(stream.name[0]));
    const Json* state = from.Find(stream);
    int64_t at = state != nullptr ? state->value("at", int64_t{0}) : 0;
    if (!output.Open(stream, IdSchema()).ok()) return;
    while (at < kRows) {
      const int64_t count = std::min<int64_t>(kRows - at, 1 + random() % 20);
      const auto status = output.Emit(stream, Ids(at, count),
                                      Deadline::After(std::chrono::milliseconds(random() % 3)));
      if (status.code() == StatusCode::kDeadline) continue;
      if (!status.ok()) return;
      at += count;
      if (random() % 2 == 0 || at == kRows) {
        if (!output.Checkpoint(StateMessage::OfStream(stream, {{"at", at}})).ok()) return;
      }
    }
    output.ReportStatus(stream, StreamStatus::kComplete);
  }

  Status ReadGlobally(const State& from, SourceOutput& output, unsigned seed) {
    std::mt19937 random(seed);
    std::map<StreamDescriptor, int64_t> at;
    for (const ConfiguredStream& stream : catalog_.streams) {
      at[stream.descriptor()] =
          from.shared_state() ? (**from.shared_state()).value(stream.descriptor().name, int64_t{0})
                              : 0;
      MR_RETURN_IF_ERROR(output.Open(stream.descriptor(), IdSchema()));
    }
    const auto left = [&] {
      return std::any_of(at.begin(), at.end(), [](const auto& one) { return one.second < kRows; });
    };
    while (left()) {
      for (auto& [stream, position] : at) {
        const int64_t count = std::min<int64_t>(kRows - position, random() % 20);
        if (count == 0) continue;
        const auto status = output.Emit(stream, Ids(position, count), Deadline::Never());
        if (status.canceled()) return status;
        position += count;
      }
      if (left() && random() % 3 != 0) continue;
      Json shared = Json::object();
      for (const auto& [stream, position] : at) shared[stream.name] = position;
      MR_RETURN_IF_ERROR(output.Checkpoint(StateMessage::Global(std::move(shared), {})));
    }
    for (const auto& [stream, position] : at) {
      output.ReportStatus(stream, StreamStatus::kComplete);
    }
    return Status::Ok();
  }

  /// What a state says was read is in the destination when it is saved, each row once.
  void CheckDurable(const StateMessage& state, CheckpointId id) {
    EXPECT_GE(journal_.Find(fmt::format("durable {}", id)), 0);
    for (const ConfiguredStream& stream : catalog_.streams) {
      const StreamDescriptor& name = stream.descriptor();
      int64_t at = 0;
      if (state.shared_state) {
        at = (**state.shared_state).value(name.name, int64_t{0});
      } else if (state.streams[0].first == name) {
        at = state.streams[0].second->value("at", int64_t{0});
      }
      auto ids = destination_.Ids(name);
      ASSERT_GE(static_cast<int64_t>(ids.size()), at) << name.name;
      ids.resize(static_cast<size_t>(at));
      EXPECT_EQ(ids, Range(0, at)) << name.name;
    }
  }

  /// durable n … saved n, acknowledged at once, ids one after another.
  void CheckOrder() const {
    const auto lines = journal_.lines();
    std::string last_saved;
    for (size_t i = 0; i < lines.size(); ++i) {
      if (lines[i] == "acknowledged") {
        EXPECT_FALSE(last_saved.empty()) << "acknowledged before it was saved";
        last_saved.clear();
      } else if (lines[i].starts_with("saved ")) {
        EXPECT_TRUE(last_saved.empty()) << "saved and not acknowledged: " << last_saved;
        last_saved = lines[i];
      }
    }
  }

  std::mt19937 random_;
  Journal journal_;
  RecordingDestination destination_{journal_};
  MemoryStateStore states_{journal_};
  ConfiguredCatalog catalog_;
  bool global_ = false;
  std::atomic<int> life_ = 0;
};

TEST(RunSyncRandomTest, LosesAndRepeatsNothingWhateverBreaks) {
  SetLogLevel(LogLevel::kError);
  const unsigned first = std::random_device()();
  for (unsigned seed = first; seed < first + 60; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    RandomWorld(seed).Run();
    if (testing::Test::HasFailure()) return;
  }
  SetLogLevel(LogLevel::kInfo);
}

}  // namespace
}  // namespace millrace
