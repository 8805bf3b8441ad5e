#include "attempt/file_state_store.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/file_io.h"
#include "base/uuid.h"

namespace millrace {
namespace {

class FileStateStoreTest : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove_all(folder_); }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("millrace-state-" + RandomUuid());
  const std::filesystem::path path_ = folder_ / "shop" / "state.json";
};

TEST_F(FileStateStoreTest, SavesItsEpochBeforeTheFirstCommit) {
  FileStateStore store(path_);
  EXPECT_FALSE((*store.Peek()).has_value());
  const auto first = store.Load();
  ASSERT_TRUE(first.ok()) << first.status().ToString();
  EXPECT_EQ(first->checkpoint, 0u);
  EXPECT_EQ(FileStateStore(path_).Load()->epoch, first->epoch);
}

TEST_F(FileStateStoreTest, MergesStatesAndKeepsThem) {
  FileStateStore store(path_);
  const std::string epoch = store.Load()->epoch;
  ASSERT_TRUE(store.Save(StateMessage::OfStream({"a", {}}, {{"at", 1}}), 1, {}).ok());
  ASSERT_TRUE(store.Save(StateMessage::OfStream({"b", {}}, {{"at", 2}}), 2, {}).ok());
  ASSERT_TRUE(store.Save(StateMessage::OfStream({"a", {}}, {{"at", 3}}), 3, {}).ok());
  auto loaded = FileStateStore(path_).Load();
  ASSERT_TRUE(loaded.ok()) << loaded.status().ToString();
  EXPECT_EQ(loaded->epoch, epoch);
  EXPECT_EQ(loaded->checkpoint, 3u);
  EXPECT_EQ((*loaded->state.Find({"a", {}}))["at"], 3);
  EXPECT_EQ((*loaded->state.Find({"b", {}}))["at"], 2);
}

TEST_F(FileStateStoreTest, StartsANewEpochWhenStateIsChangedByHand) {
  FileStateStore store(path_);
  const std::string epoch = store.Load()->epoch;
  ASSERT_TRUE(store.Save(StateMessage::OfStream({"a", {}}, {{"at", 1}}), 1, {}).ok());
  ASSERT_TRUE(store.Clear({"a", {}}).ok());
  const auto loaded = store.Load();
  ASSERT_TRUE(loaded.ok());
  EXPECT_NE(loaded->epoch, epoch);
  EXPECT_EQ(loaded->checkpoint, 0u);
  EXPECT_TRUE(loaded->state.empty());
}

TEST_F(FileStateStoreTest, RefusesAFileThatHoldsSomethingElse) {
  for (const char* text : {"", "[1]", "{\"epoch\": 1}", "{\"epoch\": \"e\", \"checkpoint\": -1}",
                           "{\"epoch\": \"e\", \"checkpoint\": 1, \"states\": 5}"}) {
    ASSERT_TRUE(WriteFileAtomically(path_, text).ok());
    const auto loaded = FileStateStore(path_).Load();
    ASSERT_FALSE(loaded.ok()) << text;
    EXPECT_EQ(loaded.status().error().type, FailureType::kConfigError);
    EXPECT_NE(loaded.status().ToString().find(path_.string()), std::string::npos);
  }
}

}  // namespace
}  // namespace millrace
