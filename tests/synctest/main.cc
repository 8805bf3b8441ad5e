// synctest_runner [--place local|s3|postgres] FILE…: plays golden files, prints what differs, exits
// 1 when something does. UPDATE_GOLDEN=1 rewrites the expectations instead. The format: README.md
// beside this.

#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "base/log.h"
#include "runner.h"
#include "table_place.h"

namespace millrace::synctest {
namespace {

std::optional<KillPoint> ParseKill(int argc, char** argv) {
  if (argc < 8) return std::nullopt;
  const std::string_view place = argv[6];
  KillPoint kill;
  kill.nth = std::atoi(argv[7]);
  kill.place = place == "before-save"     ? KillPoint::Place::kBeforeSave
               : place == "after-save"    ? KillPoint::Place::kAfterSave
               : place == "before-finish" ? KillPoint::Place::kBeforeFinish
                                          : KillPoint::Place::kAfterFinish;
  return kill;
}

Result<std::unique_ptr<Runner>> MakeRunner(const char* file, const std::string& place) {
  const char* update = std::getenv("UPDATE_GOLDEN");
  MR_ASSIGN_OR_RETURN(GoldenFile golden, GoldenFile::Load(file));
  return std::make_unique<Runner>(std::move(golden), place,
                                  std::filesystem::canonical("/proc/self/exe"),
                                  update != nullptr && std::string_view(update) == "1");
}

/// --child PLACE FILE LINE FOLDER [KILL NTH]
int Child(int argc, char** argv) {
  const auto runner = MakeRunner(argv[3], argv[2]);
  if (!runner.ok()) return 2;
  return (*runner)->RunChild(std::atoi(argv[4]), argv[5], ParseKill(argc, argv));
}

/// Stories kill processes, never the machine: nothing of theirs has to wait for a disk. They lie in
/// memory where there is room for them.
void KeepTemporaryFilesInMemory() {
  constexpr const char* kFolder = "/dev/shm";
  constexpr uint64_t kRoom = 1 << 30;
  struct statvfs room = {};
  if (::statvfs(kFolder, &room) != 0 || room.f_bavail * room.f_frsize < kRoom) return;
  if (::access(kFolder, W_OK | X_OK) == 0) ::setenv("TMPDIR", kFolder, /*overwrite=*/0);
}

int Main(int argc, char** argv) {
  SetLogLevel(LogLevel::kError);
  if (argc >= 6 && std::string_view(argv[1]) == "--child") return Child(argc, argv);
  KeepTemporaryFilesInMemory();
  int first = 1;
  std::string place = "local";
  if (argc > 2 && std::string_view(argv[1]) == "--place") {
    place = argv[2];
    first = 3;
  }
  if (const Status started = StartServerFor(place); !started.ok()) {
    std::printf("%s\n", started.ToString().c_str());
    return 2;
  }
  bool good = argc > first;
  for (int i = first; i < argc; ++i) {
    const auto runner = MakeRunner(argv[i], place);
    if (!runner.ok()) {
      std::printf("%s\n", runner.status().ToString().c_str());
      return 2;
    }
    good = (*runner)->Run() && good;
  }
  return good ? 0 : 1;
}

}  // namespace
}  // namespace millrace::synctest

int main(int argc, char** argv) { return millrace::synctest::Main(argc, argv); }
