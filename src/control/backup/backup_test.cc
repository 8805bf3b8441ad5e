#include "control/backup/backup.h"

#include <sys/stat.h>
#include <zlib.h>

#include <set>

#include "base/file_io.h"
#include "base/process_lock.h"
#include "control/backup/backup_tables.h"
#include "control/store/migrations.h"
#include "control/store/testing/each_engine.h"
#include "control/store/testing/sample_rows.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

/// More than a page.
constexpr int kJobs = 620;

/// The text of a compressed file.
std::string Unpacked(const fs::path& path) {
  std::string text(1 << 20, '\0');
  gzFile file = gzopen(path.c_str(), "rb");
  text.resize(static_cast<size_t>(gzread(file, text.data(), static_cast<unsigned>(text.size()))));
  gzclose(file);
  return text;
}

class BackupTest : public EachEngine {
 protected:
  void SetUp() override {
    EachEngine::SetUp();
    fs::create_directories(folder_);
    ASSERT_TRUE(Migrate(database()).ok());
    ASSERT_TRUE(WriteFileAtomically(folder_ / "secret.key", "the-key\n", 0600).ok());
    AddActor(database());
    AddConnection(database(), "c");
    Execute("INSERT INTO connection_state VALUES ('c', 'e', 9007199254740993, '{\"x\":[]}', 7, 3)");
    Execute("UPDATE counter SET value = 620 WHERE name = 'job'");
    for (int id = 1; id <= kJobs; ++id) AddJob(database(), id, "c", "failed", id);
  }
  void TearDown() override {
    EachEngine::TearDown();
    fs::remove_all(folder_);
  }

  void Execute(const std::string& sql) { ExecuteSql(database(), sql); }
  void Backup() {
    const auto written = WriteBackup(database(), folder_, file_, Clock::System());
    ASSERT_TRUE(written.ok()) << written.status().ToString() << written.status().error().internal;
    EXPECT_TRUE(written->holds_key);
    EXPECT_GT(written->rows, kJobs);
  }

  const fs::path folder_ = fs::temp_directory_path() / ("millrace-backup-" + RandomUuid());
  const fs::path file_ = folder_ / "backup.gz";
  const fs::path target_ = folder_ / "restored";
};

TEST_P(BackupTest, WhatWasThereIsThereAgain) {
  Backup();
  struct stat info {};
  ASSERT_EQ(::stat(file_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  const auto restored = Restore({target_, "", false}, file_);
  ASSERT_TRUE(restored.ok()) << restored.status().ToString();
  EXPECT_EQ(*ReadFile(target_ / "secret.key"), "the-key\n");
  ASSERT_EQ(::stat((target_ / "secret.key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  ASSERT_EQ(::stat((target_ / "millrace.db").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  const auto copy = SqlDatabase::Open("sqlite://" + (target_ / "millrace.db").string(), 1);
  ASSERT_TRUE(copy.ok());
  for (const char* sql : {
           "SELECT name FROM workspace",
           "SELECT CAST(checkpoint AS TEXT) FROM connection_state",
           "SELECT state FROM connection_state",
           "SELECT CAST(count(*) AS TEXT) FROM job WHERE started_at IS NULL",
           "SELECT CAST(value AS TEXT) FROM counter ORDER BY name",
           "SELECT CAST(max(number) AS TEXT) FROM migration",
       }) {
    EXPECT_EQ(SqlTexts(**copy, sql), SqlTexts(database(), sql)) << sql;
  }
}

TEST_P(BackupTest, NamesEveryTable) {
  const char* sql = GetParam() == "sqlite"
                        ? "SELECT name FROM sqlite_master WHERE type = 'table'"
                        : "SELECT CAST(table_name AS TEXT) FROM information_schema.tables "
                          "WHERE table_schema = current_schema()";
  std::set<std::string> known = {"migration", "session"};  // nobody stays signed in
  for (const BackupTable& table : BackupTables()) known.insert(table.name);
  const auto there = SqlTexts(database(), sql);
  EXPECT_EQ(std::set<std::string>(there.begin(), there.end()), known)
      << "a table that backups leave out, or that is no more";
}

TEST_P(BackupTest, WhatIsThereIsNotReplacedUnasked) {
  Backup();
  ASSERT_TRUE(Restore({target_, "", false}, file_).ok());
  Execute("UPDATE workspace SET name = 'newer'");
  Backup();
  const auto refused = Restore({target_, "", false}, file_);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.status().ToString().find("--force"), std::string::npos);
  const std::string url = "sqlite://" + (target_ / "millrace.db").string();
  EXPECT_NE(SqlTexts(**SqlDatabase::Open(url, 1), "SELECT name FROM workspace")[0], "newer");
  const auto forced = Restore({target_, "", true}, file_);
  ASSERT_TRUE(forced.ok()) << forced.status().ToString();
  EXPECT_EQ(SqlTexts(**SqlDatabase::Open(url, 1), "SELECT name FROM workspace")[0], "newer");
  int kept = 0;
  for (const auto& entry : fs::directory_iterator(target_)) {
    kept += entry.path().filename().string().starts_with("before-restore-") ? 1 : 0;
  }
  EXPECT_EQ(kept, 1);
}

TEST_P(BackupTest, ARunningServersFolderIsLeftAlone) {
  Backup();
  fs::create_directories(target_);
  auto lock = ProcessLock::Open(target_ / "server.lock", false);
  ASSERT_TRUE(*lock->Try());
  const auto refused = Restore({target_, "", true}, file_);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.status().ToString().find("stop it first"), std::string::npos);
}

TEST_P(BackupTest, ADamagedFileIsRefusedWhole) {
  Backup();
  const std::string packed = *ReadFile(file_);
  const std::string text = Unpacked(file_);
  const auto refused = [&](const std::string& content) {
    std::ignore = WriteFileAtomically(file_, content);
    const auto restored = Restore({target_, "", false}, file_);
    EXPECT_FALSE(fs::exists(target_ / "millrace.db"));
    return restored.status().ToString();
  };
  EXPECT_NE(refused(packed.substr(0, packed.size() / 2)), "");
  EXPECT_NE(refused(packed.substr(0, packed.size() - 4)), "");
  std::string flipped = packed;
  flipped[packed.size() / 2] = static_cast<char>(~flipped[packed.size() / 2]);
  EXPECT_NE(refused(flipped), "");
  EXPECT_NE(refused("hello"), "");
  EXPECT_NE(refused(""), "");
  EXPECT_NE(refused(text.substr(0, text.size() / 2)), "");
  // A row that is missing, though all else is whole.
  const size_t row = text.find("\n[");
  const std::string without = text.substr(0, row) + text.substr(text.find('\n', row + 1));
  EXPECT_NE(refused(without).find("damaged"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Engines, BackupTest, testing::Values("sqlite", "postgres"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace millrace
