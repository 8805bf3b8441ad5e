// What a table of small scenarios (slicing_test.cc) doesn't show: many partitions, time, threads.
#include "declarative/slices/partition_cursor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "declarative/jinja/py_operators.h"
#include "declarative/slices/slicing_test_environment.h"
#include "declarative/slices/stream_slicing.h"

namespace millrace {
namespace {

/// A stream with `partitions` partitions, each of one window.
std::unique_ptr<StreamCursor> MakeCursor(const SlicingTestEnvironment& environment, int partitions,
                                         PyValue state = PyDict()) {
  PyList values;
  for (int i = 0; i < partitions; ++i) values.push_back(PyValue(std::to_string(i)));
  const PyValue stream(
      PyDict{{"type", "DeclarativeStream"},
             {"retriever", PyDict{{"partition_router", PyDict{{"type", "ListPartitionRouter"},
                                                              {"cursor_field", "p"},
                                                              {"values", PyValue::List(values)}}}}},
             {"incremental_sync", PyDict{{"type", "DatetimeBasedCursor"},
                                         {"cursor_field", "u"},
                                         {"datetime_format", "%Y-%m-%d"},
                                         {"start_datetime", "2024-03-01"}}}});
  StreamSlicing slicing;
  slicing.stream = "s";
  slicing.state = std::move(state);
  slicing.environment = &environment.environment();
  auto cursor = MakeStreamCursor(Component(stream, "s"), slicing);
  EXPECT_TRUE(cursor.ok()) << cursor.status().ToString();
  return std::move(*cursor);
}

std::vector<StreamSlice> Slices(StreamCursor& cursor) {
  std::vector<StreamSlice> slices;
  const Status cut = cursor.Slices(
      [&](StreamSlice slice) {
        slices.push_back(std::move(slice));
        return true;
      },
      {});
  EXPECT_TRUE(cut.ok()) << cut.ToString();
  return slices;
}

DeclarativeRecord Record(std::string_view day) { return {PyValue(PyDict{{"u", day}}), {}}; }

TEST(PartitionCursorTest, KeepsOnePositionBeyondTenThousandPartitions) {
  const SlicingTestEnvironment environment;
  const auto few = MakeCursor(environment, PartitionCursor::kPartitionsWithStateMax + 1);
  Slices(*few);
  EXPECT_FALSE((*few->State()).Find("use_global_cursor")->as_bool());

  const auto many = MakeCursor(environment, PartitionCursor::kPartitionsWithStateMax + 2);
  const std::vector<StreamSlice> slices = Slices(*many);
  EXPECT_EQ(slices.size(), static_cast<size_t>(PartitionCursor::kPartitionsWithStateMax + 2));
  ASSERT_TRUE(many->Observe(slices.back(), Record("2024-03-05")).ok());
  for (const StreamSlice& slice : slices) ASSERT_TRUE(many->CloseSlice(slice).ok());
  EXPECT_FALSE(many->WantsStateEmitted()) << "it moves at the end only";
  ASSERT_TRUE(many->Finish(/*all_closed=*/true).ok());
  const PyValue state = *many->State();
  EXPECT_TRUE(state.Find("use_global_cursor")->as_bool());
  EXPECT_EQ(state.Find("states"), nullptr);
  EXPECT_EQ(state.Find("state")->Find("u")->str(), "2024-03-05");
}

TEST(PartitionCursorTest, DropsOldPositionsBeyondTheLimit) {
  const SlicingTestEnvironment environment;
  PyList states;
  for (size_t i = 0; i < PartitionCursor::kPartitionsMax + 5; ++i) {
    states.push_back(PyValue(PyDict{{"partition", PyDict{{"p", "old " + std::to_string(i)}}},
                                    {"cursor", PyDict{{"u", "2024-03-04"}}}}));
  }
  PyDict state{{"states", PyValue::List(states)}};
  const auto cursor = MakeCursor(environment, 3, PyValue(state));
  const std::vector<StreamSlice> slices = Slices(*cursor);
  ASSERT_EQ(slices.size(), 3u);
  for (const StreamSlice& slice : slices) EXPECT_TRUE(cursor->CloseSlice(slice).ok());
}

TEST(PartitionCursorTest, EmitsAStateEveryTenMinutes) {
  SlicingTestEnvironment environment;
  const auto cursor = MakeCursor(environment, 4);
  const std::vector<StreamSlice> slices = Slices(*cursor);
  std::vector<bool> emitted;
  for (const StreamSlice& slice : slices) {
    ASSERT_TRUE(cursor->CloseSlice(slice).ok());
    emitted.push_back(cursor->WantsStateEmitted());
    environment.clock().Move(std::chrono::seconds(300));
  }
  EXPECT_THAT(emitted, testing::ElementsAre(true, false, false, true));
}

TEST(PartitionCursorTest, ClosesNoSliceTwice) {
  const SlicingTestEnvironment environment;
  const auto cursor = MakeCursor(environment, 1);
  const std::vector<StreamSlice> slices = Slices(*cursor);
  EXPECT_TRUE(cursor->CloseSlice(slices[0]).ok());
  EXPECT_FALSE(cursor->CloseSlice(slices[0]).ok());
  EXPECT_FALSE(cursor->Slices([](StreamSlice) { return true; }, {}).ok()) << "slices come once";
}

TEST(PartitionCursorTest, WarnsOnceOfValuesItCannotRead) {
  const SlicingTestEnvironment environment;
  const auto cursor = MakeCursor(environment, 1);
  const std::vector<StreamSlice> slices = Slices(*cursor);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(cursor->Observe(slices[0], Record("yesterday")).ok());
  }
  EXPECT_THAT(environment.log(), testing::ElementsAre(testing::HasSubstr("'yesterday'")));
}

TEST(PartitionCursorTest, IsReadByManyThreads) {
  constexpr int kPartitions = 400, kThreads = 4;
  const SlicingTestEnvironment environment;
  const auto cursor = MakeCursor(environment, kPartitions);
  std::mutex mutex;
  std::vector<StreamSlice> waiting;
  std::atomic<bool> cut = false;
  std::vector<std::jthread> threads;
  std::atomic<int> closed = 0;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      while (closed < kPartitions) {
        StreamSlice slice;
        {
          const std::lock_guard lock(mutex);
          if (waiting.empty()) {
            if (cut) return;
            continue;
          }
          slice = std::move(waiting.back());
          waiting.pop_back();
        }
        EXPECT_TRUE(cursor->Observe(slice, Record("2024-03-07")).ok());
        EXPECT_TRUE(*cursor->ShouldBeSynced(slice, Record("2024-03-07")));
        EXPECT_TRUE(cursor->CloseSlice(slice).ok());
        EXPECT_TRUE(cursor->State().ok());
        ++closed;
      }
    });
  }
  EXPECT_TRUE(cursor
                  ->Slices(
                      [&](StreamSlice slice) {
                        const std::lock_guard lock(mutex);
                        waiting.push_back(std::move(slice));
                        return true;
                      },
                      {})
                  .ok());
  cut = true;
  threads.clear();
  ASSERT_TRUE(cursor->Finish(/*all_closed=*/true).ok());
  const PyValue state = *cursor->State();
  ASSERT_EQ(state.Find("states")->items().size(), static_cast<size_t>(kPartitions));
  for (const PyValue& partition : state.Find("states")->items()) {
    EXPECT_EQ(partition.Find("cursor")->Find("u")->str(), "2024-03-07");
  }
  EXPECT_EQ(state.Find("state")->Find("u")->str(), "2024-03-07");
}

}  // namespace
}  // namespace millrace
