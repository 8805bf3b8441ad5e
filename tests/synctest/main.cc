// synctest_runner FILE…: plays golden files, prints what differs, exits 1 when something does.
// UPDATE_GOLDEN=1 rewrites the expectations instead. The format: README.md beside this.

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "base/log.h"
#include "runner.h"

namespace millrace::synctest {
namespace {

std::optional<KillPoint> ParseKill(int argc, char** argv) {
  if (argc < 7) return std::nullopt;
  const std::string_view place = argv[5];
  KillPoint kill;
  kill.nth = std::atoi(argv[6]);
  kill.place = place == "before-save"     ? KillPoint::Place::kBeforeSave
               : place == "after-save"    ? KillPoint::Place::kAfterSave
               : place == "before-finish" ? KillPoint::Place::kBeforeFinish
                                          : KillPoint::Place::kAfterFinish;
  return kill;
}

int Main(int argc, char** argv) {
  SetLogLevel(LogLevel::kError);
  const bool child = argc >= 5 && std::string_view(argv[1]) == "--child";
  const char* update = std::getenv("UPDATE_GOLDEN");
  bool good = argc > 1;
  for (int i = child ? 2 : 1; i < (child ? 3 : argc); ++i) {
    auto file = GoldenFile::Load(argv[i]);
    if (!file.ok()) {
      std::printf("%s\n", file.status().ToString().c_str());
      return 2;
    }
    Runner runner(*std::move(file), std::filesystem::canonical("/proc/self/exe"),
                  update != nullptr && std::string_view(update) == "1");
    if (child) return runner.RunChild(std::atoi(argv[3]), argv[4], ParseKill(argc, argv));
    good = runner.Run() && good;
  }
  return good ? 0 : 1;
}

}  // namespace
}  // namespace millrace::synctest

int main(int argc, char** argv) { return millrace::synctest::Main(argc, argv); }
