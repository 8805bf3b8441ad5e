#include "control/secrets/key_rotation.h"

#include <filesystem>

#include "base/file_io.h"
#include "base/uuid.h"
#include "control/secrets/secret_box.h"
#include "control/store/migrations.h"
#include "control/store/testing/each_engine.h"
#include "control/store/testing/sample_rows.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

class KeyRotationTest : public EachEngine {
 protected:
  void SetUp() override {
    EachEngine::SetUp();
    fs::create_directories(folder_);
    ASSERT_TRUE(Migrate(database()).ok());
    AddActor(database(), Box().Seal("config of a"));
    Execute(
        fmt::format("INSERT INTO actor (id, workspace_id, kind, definition_id, name, "
                    "configuration, created_at, updated_at) "
                    "VALUES ('b', 'w', 'source', 'd', 'b', '{}', 0, 0)",
                    Box().Seal("config of b")));
    Execute(fmt::format("INSERT INTO setting VALUES ('secret_key_proof', '{}')",
                        Box().Seal("millrace")));
    Execute("INSERT INTO setting VALUES ('other', 'plain')");
    for (const std::string& values : {std::string(), Box().Seal("values of p")}) {
      Execute(
          fmt::format("INSERT INTO builder_project (id, workspace_id, name, document, "
                      "testing_values, created_at, updated_at) "
                      "VALUES ('{}', 'w', 'p', '{{}}', '{}', 0, 0)",
                      values.empty() ? "empty" : "p", values));
    }
  }
  void TearDown() override {
    EachEngine::TearDown();
    fs::remove_all(folder_);
    unsetenv("MILLRACE_SECRET_KEY");
    unsetenv("MILLRACE_NEW_SECRET_KEY");
  }

  SecretBox Box() { return *SecretBox::Load(key_file_); }
  void Execute(const std::string& sql) { ExecuteSql(database(), sql); }
  std::string Text(const std::string& sql) { return SqlTexts(database(), sql).at(0); }

  const fs::path folder_ = fs::temp_directory_path() / ("millrace-rotation-" + RandomUuid());
  const fs::path key_file_ = folder_ / "secret.key";
  const std::string config_of_a_ = "SELECT configuration FROM actor WHERE id = 'a'";
};

TEST_P(KeyRotationTest, SealsEverythingAnew) {
  const SecretBox old = Box();
  const auto count = RotateKey(database(), key_file_);
  ASSERT_TRUE(count.ok()) << count.status().ToString();
  EXPECT_EQ(*count, 4);
  EXPECT_FALSE(fs::exists(SecretBox::NextKeyFile(key_file_)));
  EXPECT_EQ(*Box().Open(Text(config_of_a_)), "config of a");
  EXPECT_EQ(*Box().Open(Text("SELECT value FROM setting WHERE name = 'secret_key_proof'")),
            "millrace");
  EXPECT_EQ(Text("SELECT value FROM setting WHERE name = 'other'"), "plain");
  EXPECT_EQ(*Box().Open(Text("SELECT testing_values FROM builder_project WHERE id = 'p'")),
            "values of p");
  EXPECT_FALSE(old.Open(Text(config_of_a_)).ok());
}

TEST_P(KeyRotationTest, IsFinishedAfterACrashBeforeTheKeysChangePlaces) {
  const std::string old_key = *ReadFile(key_file_);
  ASSERT_TRUE(RotateKey(database(), key_file_).ok());
  // As if it had died after its transaction.
  fs::rename(key_file_, SecretBox::NextKeyFile(key_file_));
  ASSERT_TRUE(WriteFileAtomically(key_file_, old_key, 0600).ok());
  EXPECT_EQ(*Box().Open(Text(config_of_a_)), "config of a") << "a server reads what is there";
  Execute(fmt::format("UPDATE actor SET configuration = '{}' WHERE id = 'b'", Box().Seal("late")));
  const auto count = RotateKey(database(), key_file_);
  ASSERT_TRUE(count.ok()) << count.status().ToString();
  EXPECT_EQ(*count, 1) << "the one that a server sealed in between";
  EXPECT_EQ(*Box().Open(Text(config_of_a_)), "config of a");
  EXPECT_NE(*ReadFile(key_file_), old_key);
}

TEST_P(KeyRotationTest, AWrongKeyChangesNothing) {
  const std::string before = Text(config_of_a_);
  Execute(fmt::format("UPDATE actor SET configuration = '{}' WHERE id = 'b'",
                      SecretBox::Load(folder_ / "foreign.key")->Seal("x")));
  const auto refused = RotateKey(database(), key_file_);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(Text(config_of_a_), before);
}

TEST_P(KeyRotationTest, AKeyOfTheEnvironmentIsReplacedByOneOfTheEnvironment) {
  const std::string old_key = *ReadFile(key_file_);
  setenv("MILLRACE_SECRET_KEY", old_key.c_str(), 1);
  EXPECT_FALSE(RotateKey(database(), key_file_).ok());
  setenv("MILLRACE_NEW_SECRET_KEY", std::string(64, 'b').c_str(), 1);
  ASSERT_TRUE(RotateKey(database(), key_file_).ok());
  setenv("MILLRACE_SECRET_KEY", std::string(64, 'b').c_str(), 1);
  EXPECT_EQ(*Box().Open(Text(config_of_a_)), "config of a");
  EXPECT_EQ(*ReadFile(key_file_), old_key);
  EXPECT_FALSE(RotateKey(database(), key_file_).ok()) << "the new key is the old one";
}

INSTANTIATE_TEST_SUITE_P(Engines, KeyRotationTest, testing::Values("sqlite", "postgres"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace millrace
