#include "attempt/child_start.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "subprocess/confinement.h"
#include "subprocess/scratch_folder.h"

namespace millrace {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// Children that are scripts, and what they print.
class ChildStartTest : public ::testing::Test {
 protected:
  std::string Run(ChildStart start, const std::string& script) {
    start.program = folder_.path() / "script";
    start.output = folder_.path() / "output";
    std::ofstream(start.program) << "#!/bin/sh\n" << script << "\n";
    ::chmod(start.program.c_str(), 0700);
    const auto started = StartChild(start);
    EXPECT_TRUE(started.ok());
    int status = 0;
    EXPECT_EQ(::waitpid(started->pid, &status, 0), started->pid);
    ::close(started->fd);
    EXPECT_EQ(status, 0);
    std::ostringstream text;
    text << std::ifstream(start.output).rdbuf();
    return std::move(text).str();
  }

  ChildStart Confined() {
    ChildStart start;
    start.outlives_parent = true;
    start.confined_environment = ConfinedEnvironment(folder_.path());
    return start;
  }

  ScratchFolder folder_ = *ScratchFolder::Make();
};

TEST_F(ChildStartTest, AServersChildSeesNoSecretOfTheServer) {
  ::setenv("MILLRACE_SECRET_KEY", "no child's business", 1);
  ::setenv("DATABASE_URL", "postgresql://u:secret@db", 1);
  ::setenv("AWS_SECRET_ACCESS_KEY", "nor this", 1);
  ::setenv("HTTPS_PROXY", "http://proxy:3128", 1);
  const std::string environment = Run(Confined(), "env");
  EXPECT_THAT(environment, Not(HasSubstr("no child's business")));
  EXPECT_THAT(environment, Not(HasSubstr("secret")));
  EXPECT_THAT(environment, Not(HasSubstr("nor this")));
  EXPECT_THAT(environment, HasSubstr("HTTPS_PROXY=http://proxy:3128\n"));
  EXPECT_THAT(environment, HasSubstr("TMPDIR=" + folder_.path().string() + "\n"));
  EXPECT_THAT(environment, HasSubstr("HOME=" + folder_.path().string() + "\n"));
  // The command line's children have ours.
  EXPECT_THAT(Run(ChildStart(), "env"), HasSubstr("MILLRACE_SECRET_KEY=no child's business\n"));
  for (const char* name :
       {"MILLRACE_SECRET_KEY", "DATABASE_URL", "AWS_SECRET_ACCESS_KEY", "HTTPS_PROXY"}) {
    ::unsetenv(name);
  }
}

TEST_F(ChildStartTest, AServersChildGainsNoPrivilegesAndLeavesNoCore) {
  const std::string facts = Run(Confined(), "grep NoNewPrivs /proc/self/status; ulimit -c");
  EXPECT_EQ(facts, "NoNewPrivs:\t1\n0\n");
}

TEST_F(ChildStartTest, AServersChildInheritsNoDescriptorButItsChannel) {
  const int kept_open =
      ::fcntl(STDERR_FILENO, F_DUPFD, 20);  // as a library might, without close-on-exec
  const std::string at = "/proc/$$/fd/" + std::to_string(kept_open);
  EXPECT_EQ(Run(Confined(), "test -e " + at + " && echo open || echo closed"), "closed\n");
  EXPECT_EQ(Run(Confined(), "test -S /proc/$$/fd/3 && echo socket"), "closed\nsocket\n");
  ::close(kept_open);
}

TEST_F(ChildStartTest, OneThatOutlivesUsLeadsASession) {
  const std::string own =
      Run(Confined(), "test \"$(cut -d' ' -f6 /proc/$$/stat)\" = $$ && echo own");
  EXPECT_EQ(own, "own\n");
}

}  // namespace
}  // namespace millrace
