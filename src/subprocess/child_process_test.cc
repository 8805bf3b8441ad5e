#include "subprocess/child_process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <fstream>

#include "subprocess/confinement.h"
#include "subprocess/forked_children.h"
#include "subprocess/scratch_folder.h"

namespace millrace {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const Deadline kLong = Deadline::After(std::chrono::minutes(5));

/// Programs are shell scripts.
class ChildProcessTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::signal(SIGPIPE, SIG_IGN);
    ForkedChildren::AdoptOrphans();
  }

  ChildCommand Command(std::vector<std::string> arguments) {
    return {std::move(arguments), ConfinedEnvironment(folder_.path()), folder_.path(),
            [this](std::string_view line) { errors_.emplace_back(line); }};
  }

  std::unique_ptr<ChildProcess> Shell(const std::string& script) {
    auto started = ChildProcess::Start(Command({"sh", "-c", script}));
    EXPECT_TRUE(started.ok()) << started.status().ToString();
    return started.ok() ? std::move(*started) : nullptr;
  }

  /// All that it prints, at most `size` bytes of it.
  static std::string ReadAll(ChildProcess& child, size_t size = 1 << 20) {
    std::string text, chunk(64 << 10, '\0');
    while (text.size() < size) {
      const auto got = child.Read(chunk.data(), static_cast<int64_t>(chunk.size()), kLong, {});
      EXPECT_TRUE(got.ok()) << got.status().ToString();
      if (!got.ok() || *got == 0) break;
      text.append(chunk, 0, static_cast<size_t>(*got));
    }
    return text;
  }

  static ChildExit End(ChildProcess& child) {
    auto exit = child.Wait(kLong, {});
    EXPECT_TRUE(exit.ok()) << exit.status().ToString();
    return exit.ok() ? *exit : ChildExit{};
  }

  /// Whether the process ends, within a minute.
  static bool Ends(const std::string& pid) {
    const int fd = static_cast<int>(::syscall(SYS_pidfd_open, std::stoi(pid), 0));
    if (fd < 0) return errno == ESRCH;
    pollfd waited = {fd, POLLIN, 0};
    const bool ended = ::poll(&waited, 1, 60'000) == 1;
    ::close(fd);
    return ended;
  }

  ScratchFolder folder_ = *ScratchFolder::Make();
  std::vector<std::string> errors_;  // the child's thread's, until it is joined
};

TEST_F(ChildProcessTest, GivesBackWhatItPrintsAndHowItEnded) {
  const auto child = Shell("printf 'one\\ntwo'; echo trouble >&2; printf more >&2; exit 3");
  EXPECT_EQ(ReadAll(*child), "one\ntwo");
  const ChildExit exit = End(*child);
  EXPECT_FALSE(exit.clean());
  EXPECT_EQ(exit.ToString(), "exit code 3");
  EXPECT_THAT(exit.last_lines, ElementsAre("trouble", "more"));
  EXPECT_EQ(errors_, exit.last_lines);
}

TEST_F(ChildProcessTest, HandsOverWhatIsWritten) {
  const auto child = Shell("cat");
  EXPECT_EQ(*child->Write("to and fro", kLong, {}), 10);
  child->CloseInput();
  EXPECT_EQ(ReadAll(*child), "to and fro");
  EXPECT_TRUE(End(*child).clean());
  EXPECT_FALSE(child->Write("late", kLong, {}).ok());
}

TEST_F(ChildProcessTest, KnowsNothingOfOursButWhatItIsGiven) {
  ::setenv("DATABASE_URL", "postgresql://u:hidden@db", 1);
  const int kept_open = ::fcntl(STDERR_FILENO, F_DUPFD, 20);  // without close-on-exec
  const auto child = Shell(
      "env; pwd; ls /proc/$$/fd | tr '\\n' ' '; grep NoNewPrivs /proc/$$/status; ulimit -c;"
      "test \"$(cut -d' ' -f5 /proc/$$/stat)\" = $$ && echo leader");
  const std::string facts = ReadAll(*child);
  ::close(kept_open);
  ::unsetenv("DATABASE_URL");
  EXPECT_THAT(facts, Not(HasSubstr("hidden")));
  EXPECT_THAT(facts, HasSubstr("HOME=" + folder_.path().string() + "\n"));
  EXPECT_THAT(facts, HasSubstr("\n" + folder_.path().string() + "\n0 1 2 "));
  EXPECT_THAT(facts, Not(HasSubstr(" 20 ")));
  EXPECT_THAT(facts, EndsWith("NoNewPrivs:\t1\n0\nleader\n"));
}

TEST_F(ChildProcessTest, IgnoredAndBlockedSignalsAreNotPassedOn) {
  const auto child = Shell("kill -PIPE $$; echo still here");
  EXPECT_THAT(ReadAll(*child), IsEmpty());
  EXPECT_EQ(End(*child).signal, SIGPIPE);
}

TEST_F(ChildProcessTest, AFloodOfErrorsHoldsNobodyUpAndIsBounded) {
  const auto child = Shell(
      "head -c 20000000 /dev/zero | tr '\\0' x >&2; echo >&2;"
      "i=0; while [ $i -lt 1000 ]; do echo line $i >&2; i=$((i+1)); done; echo done");
  EXPECT_EQ(ReadAll(*child), "done\n");
  const ChildExit exit = End(*child);
  EXPECT_THAT(exit.last_lines, SizeIs(LastLines::kLinesMax));
  EXPECT_EQ(exit.last_lines.back(), "line 999");
  ASSERT_THAT(errors_, SizeIs(1001));
  EXPECT_EQ(errors_[0], std::string(LastLines::kLineBytesMax, 'x') + "…");
}

TEST_F(ChildProcessTest, ALineOfAHundredMegabytesPassesByChunks) {
  const auto child = Shell("head -c 100000000 /dev/zero");
  std::string chunk(1 << 20, '\0');
  int64_t total = 0;
  for (;;) {
    const auto got = child->Read(chunk.data(), 1 << 20, kLong, {});
    ASSERT_TRUE(got.ok());
    if (*got == 0) break;
    total += *got;
  }
  EXPECT_EQ(total, 100'000'000);
  EXPECT_TRUE(End(*child).clean());
}

TEST_F(ChildProcessTest, SilenceIsADeadlineAndAStopIsSeen) {
  const auto child = Shell("exec sleep 600");
  char byte;
  EXPECT_EQ(child->Read(&byte, 1, Deadline::After(milliseconds(60)), {}).status().code(),
            StatusCode::kDeadline);
  EXPECT_EQ(child->Wait(Deadline::After(milliseconds(60)), {}).status().code(),
            StatusCode::kDeadline);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_TRUE(child->Read(&byte, 1, kLong, stop.get_token()).status().canceled());
  EXPECT_TRUE(child->Wait(kLong, stop.get_token()).status().canceled());
  EXPECT_EQ(child->Stop(std::chrono::minutes(5)).signal, SIGTERM);
}

TEST_F(ChildProcessTest, OneThatNeverReadsIsADeadlineAndOneThatIsGoneAFailure) {
  const auto child = Shell("exec sleep 600");
  const std::string much(1 << 20, 'x');
  Result<int64_t> put = 0;
  for (int writes = 0; put.ok() && writes < 1000; ++writes) {
    put = child->Write(much, Deadline::After(milliseconds(100)), {});
  }
  EXPECT_EQ(put.status().code(), StatusCode::kDeadline);
  child->Stop(milliseconds(0));
  const auto gone = Shell("exec <&-; echo closed");
  EXPECT_EQ(ReadAll(*gone), "closed\n");
  put = gone->Write("x", kLong, {});
  ASSERT_TRUE(put.status().failed());
  EXPECT_EQ(put.status().error().type, FailureType::kTransientError);
}

TEST_F(ChildProcessTest, OneThatIgnoresTheRequestToEndIsKilled) {
  const auto child = Shell("trap '' TERM; echo ready; while :; do sleep 600; done");
  EXPECT_EQ(ReadAll(*child, 1), "ready\n");
  EXPECT_EQ(child->Stop(milliseconds(300)).ToString(), "signal 9 (Killed)");
  EXPECT_EQ(child->Stop(milliseconds(300)).signal, SIGKILL);  // the answer stays
}

TEST_F(ChildProcessTest, WhatItStartedEndsWithIt) {
  // The grandchild holds both pipes: neither the output nor the errors end with the program.
  auto child = Shell("trap '' TERM; sleep 600 & echo $!; trap - TERM; echo bye >&2");
  const std::string left_behind = ReadAll(*child);
  EXPECT_THAT(End(*child).last_lines, ElementsAre("bye"));
  ASSERT_THAT(left_behind, EndsWith("\n"));
  EXPECT_TRUE(Ends(left_behind)) << left_behind;

  child = Shell("sleep 600 & echo $!; wait");
  const std::string running = ReadAll(*child, 1);
  child.reset();
  ASSERT_THAT(running, EndsWith("\n"));
  EXPECT_TRUE(Ends(running)) << running;
}

TEST_F(ChildProcessTest, WhatLeftItsGroupAndItsParentEndsWithIt) {
  // It says its id, and writes on and on to both pipes.
  const std::string stranger =
      "(setsid sh -c 'trap \"\" TERM PIPE; echo $$; while :; do echo more; sleep 0.01; done' &);";
  auto child = Shell(stranger + "sleep 0.3; echo last");
  const std::string printed = ReadAll(*child);
  EXPECT_THAT(printed, HasSubstr("last\n"));
  EXPECT_TRUE(End(*child).clean());
  const std::string id = printed.substr(0, printed.find('\n'));
  EXPECT_FALSE(ReadProcess(std::stoi(id))) << "it ended and was waited for";

  child = Shell(stranger + "exec sleep 600");
  const std::string running = ReadAll(*child, 1);
  EXPECT_EQ(child->Stop(std::chrono::minutes(5)).signal, SIGTERM);
  EXPECT_FALSE(ReadProcess(std::stoi(running))) << running;
}

TEST_F(ChildProcessTest, OneThatJoinsOurGroupIsStoppedToo) {
  const auto child = Shell(
      "exec python3 -c 'import os, signal, time; signal.signal(15, signal.SIG_IGN);"
      "os.setpgid(0, os.getpgid(os.getppid())); print(\"ready\", flush=True); time.sleep(600)'");
  EXPECT_EQ(ReadAll(*child, 1), "ready\n");
  EXPECT_EQ(child->Stop(milliseconds(100)).signal, SIGKILL);
}

TEST_F(ChildProcessTest, AnOrphanOfOneIsNotTakenForAnothers) {
  const auto one = Shell("(setsid sh -c 'echo $$; exec sleep 600' &); exec sleep 600");
  const std::string orphan = ReadAll(*one, 1);
  const auto other = Shell("echo done");
  EXPECT_EQ(ReadAll(*other), "done\n");
  EXPECT_TRUE(End(*other).clean());
  ASSERT_TRUE(ReadProcess(std::stoi(orphan))) << orphan;
  one->Stop(milliseconds(0));
  EXPECT_FALSE(ReadProcess(std::stoi(orphan))) << orphan;
}

TEST_F(ChildProcessTest, TheMemoryOfWhatLeftItsGroupCounts) {
  ChildCommand command = Command(
      {"sh", "-c",
       "(setsid sh -c 'head -c 60000000 /dev/zero | tail -n 1 | sleep 600' &); exec sleep 600"});
  command.limits.memory_bytes = 30 << 20;
  EXPECT_GT(End(**ChildProcess::Start(command)).over_limit_bytes, 30 << 20);
}

TEST_F(ChildProcessTest, WhatItStartedEndsWithUsHoweverWeEnd) {
  const std::string path = folder_.path() / "started";
  const pid_t ours = ::fork();
  if (ours == 0) {
    const auto child = Shell("sleep 600 & echo $! >tmp; mv tmp started; wait");
    ::pause();
  }
  std::string started;
  for (int looks = 0; looks < 6000 && started.empty(); ++looks) {
    ::poll(nullptr, 0, 10);
    std::ifstream(path) >> started;
  }
  ::kill(ours, SIGKILL);
  ::waitpid(ours, nullptr, 0);
  ASSERT_FALSE(started.empty());
  EXPECT_TRUE(Ends(started)) << started;
}

TEST_F(ChildProcessTest, ACrashIsASignal) {
  const auto child = Shell("echo about to crash >&2; kill -SEGV $$");
  EXPECT_THAT(ReadAll(*child), IsEmpty());
  const ChildExit exit = End(*child);
  EXPECT_THAT(exit.ToString(), HasSubstr("signal 11 ("));
  EXPECT_EQ(exit.LastWords(), "about to crash");
}

TEST_F(ChildProcessTest, OneThatUsesMoreMemoryThanItMayIsKilledWithWhatItStarted) {
  // One that it started holds the memory: a line that nobody takes from it.
  ChildCommand command = Command(
      {"sh", "-c", "sleep 600 & echo $!; head -c 60000000 /dev/zero | tail -n 1 | sleep 600"});
  command.limits.memory_bytes = 30 << 20;
  auto child = std::move(*ChildProcess::Start(command));
  const std::string started = ReadAll(*child, 1);
  const ChildExit exit = End(*child);
  EXPECT_EQ(exit.signal, SIGKILL);
  EXPECT_GT(exit.over_limit_bytes, 30 << 20);
  EXPECT_TRUE(Ends(started)) << started;

  command = Command({"sh", "-c", "kill -KILL $$"});
  command.limits.memory_bytes = 30 << 20;
  EXPECT_EQ(End(**ChildProcess::Start(command)).over_limit_bytes, 0) << "killed by another";
}

TEST_F(ChildProcessTest, RunsOnAsManyProcessorsAsItsLimitFills) {
  ChildCommand command = Command({"nproc"});
  command.limits.cpu_millicores = 400;
  EXPECT_EQ(ReadAll(**ChildProcess::Start(command)), "1\n");
  command.limits.cpu_millicores = 1'000'000;
  const std::string all = ReadAll(**ChildProcess::Start(command));
  command.limits = {};
  EXPECT_EQ(ReadAll(**ChildProcess::Start(command)), all);
}

TEST_F(ChildProcessTest, ReadsOnOneThreadWhileAnotherWrites) {
  const auto child = Shell("cat");
  constexpr int64_t kBytes = 8 << 20;  // far more than both pipes hold
  std::jthread writer([&child] {
    const std::string chunk(1 << 20, 'y');
    for (int64_t written = 0; written < kBytes;) {
      const auto put = child->Write(chunk, kLong, {});
      ASSERT_TRUE(put.ok());
      written += *put;
    }
    child->CloseInput();
  });
  EXPECT_GE(ReadAll(*child, SIZE_MAX).size(), static_cast<size_t>(kBytes));
  writer.join();
  EXPECT_TRUE(End(*child).clean());
}

TEST_F(ChildProcessTest, AProgramThatCannotRunIsTheUsersToMend) {
  const auto message = [this](const std::string& program) {
    const auto started = ChildProcess::Start(Command({program}));
    EXPECT_TRUE(started.status().failed());
    if (!started.status().failed()) return std::string();
    EXPECT_EQ(started.status().error().type, FailureType::kConfigError) << program;
    return started.status().error().message;
  };
  const std::string here = folder_.path().string();
  std::ofstream(folder_.path() / "plain") << "text";
  std::ofstream(folder_.path() / "lost") << "#!/no/such/interpreter\n";
  ::chmod((here + "/lost").c_str(), 0700);
  EXPECT_EQ(message("no-such-program"), "there is no program no-such-program on the PATH");
  EXPECT_EQ(message("./none"), here + "/./none does not exist");
  EXPECT_THAT(message("./plain"), HasSubstr("plain can't be run: make it executable"));
  ::chmod((here + "/plain").c_str(), 0700);
  EXPECT_THAT(message("./plain"), HasSubstr("is no program: its first line must name"));
  EXPECT_THAT(message("./lost"), HasSubstr("lost"));
  EXPECT_EQ(message(""), "the command names no program");
}

}  // namespace
}  // namespace millrace
