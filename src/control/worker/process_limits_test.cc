#include <gmock/gmock.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>

#include "control/worker/attempt_folder.h"
#include "control/worker/control_groups.h"
#include "control/worker/tracked_process.h"
#include "subprocess/scratch_folder.h"

namespace millrace {
namespace {

/// A session of two processes that wait to be killed.
class TrackedProcessTest : public ::testing::Test {
 protected:
  TrackedProcessTest() {
    int ready[2];
    EXPECT_EQ(::pipe(ready), 0);
    leader_ = ::fork();
    if (leader_ == 0) {
      ::setsid();
      const pid_t member = ::fork();
      if (member > 0) (void)!::write(ready[1], &member, sizeof member);
      for (;;) ::pause();
    }
    EXPECT_EQ(::read(ready[0], &member_, sizeof member_), static_cast<ssize_t>(sizeof member_));
    ::close(ready[0]);
    ::close(ready[1]);
  }
  ~TrackedProcessTest() override {
    ::kill(leader_, SIGKILL);
    ::kill(member_, SIGKILL);
    ::waitpid(leader_, nullptr, 0);
  }

  /// Gone, or waited for by nobody yet. Bounded by the test's own limit.
  static void AwaitEnd(pid_t pid) {
    while (const auto identity = ProcessIdentity::Of(pid)) {
      if (!TrackedProcess(*identity).Running()) break;
      ::poll(nullptr, 0, 5);
    }
  }

  pid_t leader_ = 0;
  pid_t member_ = 0;
};

TEST_F(TrackedProcessTest, KillsTheWholeSession) {
  const TrackedProcess process(*ProcessIdentity::Of(leader_));
  EXPECT_TRUE(process.Running());
  EXPECT_GE(process.fd(), 0);
  process.KillAll();
  AwaitEnd(leader_);
  AwaitEnd(member_);
  EXPECT_FALSE(process.Running()) << "though nobody has waited for it";
}

TEST_F(TrackedProcessTest, NeverTakesALaterProcessForTheOneItKnew) {
  ProcessIdentity earlier = *ProcessIdentity::Of(leader_);
  earlier.start_ticks -= 1;
  const TrackedProcess recycled(earlier);
  EXPECT_FALSE(recycled.Running());
  EXPECT_LT(recycled.fd(), 0);
  recycled.KillAll();
  ProcessIdentity of_another_boot = *ProcessIdentity::Of(leader_);
  of_another_boot.boot_id = "another";
  const TrackedProcess rebooted(of_another_boot);
  EXPECT_FALSE(rebooted.Running());
  rebooted.KillAll();
  TrackedProcess nobody((ProcessIdentity()));
  nobody.KillAll();
  int status = 0;
  EXPECT_EQ(::waitpid(leader_, &status, WNOHANG), 0) << "it was killed";
  EXPECT_TRUE(TrackedProcess(*ProcessIdentity::Of(member_)).Running());
}

/// The kernel's files, as plain ones.
class ControlGroupsTest : public ::testing::Test {
 protected:
  void Write(const std::filesystem::path& path, const std::string& text) {
    std::filesystem::create_directories((root_.path() / path).parent_path());
    std::ofstream(root_.path() / path) << text;
  }
  std::string Read(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(root_.path() / path).rdbuf();
    return std::move(text).str();
  }
  std::optional<ControlGroups> Find() {
    return ControlGroups::Find(root_.path(), root_.path() / "memberships");
  }

  ScratchFolder root_ = *ScratchFolder::Make();
};

TEST_F(ControlGroupsTest, AreThereWhereTheyWereDelegatedOnly) {
  Write("memberships", "1:name=systemd:/x\n");
  EXPECT_FALSE(Find().has_value()) << "no cgroup v2";
  Write("memberships", "4:memory:/old\n0::/service\n");
  EXPECT_FALSE(Find().has_value()) << "no such group";
  Write("service/cgroup.controllers", "cpu pids\n");
  EXPECT_FALSE(Find().has_value()) << "memory is not delegated";
  Write("service/cgroup.controllers", "cpu memory pids\n");
  EXPECT_FALSE(Find().has_value()) << "not writable";
  EXPECT_FALSE(std::filesystem::exists(root_.path() / "service/millrace-server"));
  Write("service/cgroup.subtree_control", "");
  Write("service/millrace-server/cgroup.procs", "");
  EXPECT_TRUE(Find().has_value());
  EXPECT_EQ(Read("service/millrace-server/cgroup.procs"), "0");
  EXPECT_EQ(Read("service/cgroup.subtree_control"), "+memory +cpu");
}

TEST_F(ControlGroupsTest, HoldTheLimitsAndCountKills) {
  Write("memberships", "0::/\n");
  Write("cgroup.controllers", "memory cpu\n");
  Write("cgroup.subtree_control", "");
  Write("millrace-server/cgroup.procs", "");
  const auto groups = Find();
  ASSERT_TRUE(groups.has_value());
  const std::string group = "millrace-attempt-7-2";
  for (const char* file : {"memory.max", "memory.oom.group", "memory.swap.max", "cpu.max"}) {
    Write(group + "/" + file, "");
  }
  const auto made = groups->Make(group, {512 << 20, 1500});
  ASSERT_TRUE(made.ok()) << made.status().ToString();
  EXPECT_EQ(*made, root_.path() / "" / group);
  EXPECT_EQ(Read(group + "/memory.max"), "536870912");
  EXPECT_EQ(Read(group + "/memory.oom.group"), "1");
  EXPECT_EQ(Read(group + "/cpu.max"), "150000 100000") << "one and a half processors";
  Write(group + "/cpu.max", "");
  ASSERT_TRUE(groups->Make(group, {0, 1}).ok());
  EXPECT_EQ(Read(group + "/cpu.max"), "1000 100000") << "the kernel refuses less";
  EXPECT_EQ(ControlGroups::OutOfMemoryKills(*made), 0);
  Write(group + "/memory.events", "low 0\nhigh 0\nmax 17\noom 1\noom_kill 3\n");
  EXPECT_EQ(ControlGroups::OutOfMemoryKills(*made), 3);
}

TEST(AttemptFolder, KeepsWhatIsNeededToFindAnAttempt) {
  const ScratchFolder root = *ScratchFolder::Make();
  const auto folder = AttemptFolder::Make(root.path(), {12, 3});
  ASSERT_TRUE(folder.ok());
  EXPECT_TRUE(AttemptFolder::Make(root.path(), {12, 3}).status().failed()) << "started twice";
  EXPECT_EQ(folder->Load()->process.pid, 0) << "it was made and never started";
  const AttemptRecord record{{12, 3}, "token", {42, 99, "boot"}, {1 << 20, 500}, "/group", 5};
  ASSERT_TRUE(folder->Save(record).ok());
  const auto loaded = AttemptFolder::Of(root.path(), {12, 3}).Load();
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->id, record.id);
  EXPECT_EQ(loaded->token, "token");
  EXPECT_EQ(loaded->process.start_ticks, 99);
  EXPECT_EQ(loaded->limits.cpu_millicores, 500);
  EXPECT_EQ(loaded->control_group, "/group");
  std::filesystem::create_directories(root.path() / "2-1");
  std::filesystem::create_directories(root.path() / "3-1-copy");
  std::ofstream(root.path() / "socket") << "";
  EXPECT_THAT(*AttemptFolder::List(root.path()),
              ::testing::ElementsAre(AttemptId{2, 1}, AttemptId{12, 3}));
  folder->Remove();
  EXPECT_TRUE(folder->Load().status().failed());
}

}  // namespace
}  // namespace millrace
