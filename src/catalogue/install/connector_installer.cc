#include "catalogue/install/connector_installer.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <system_error>

#include "base/clock.h"
#include "base/deadline.h"
#include "base/file_descriptor.h"
#include "base/file_io.h"
#include "base/process_lock.h"
#include "catalogue/connector_naming.h"
#include "catalogue/connector_packages.h"
#include "catalogue/install/connector_specification.h"
#include "catalogue/install/package_build.h"
#include "catalogue/install/processes_below.h"

namespace millrace {
namespace {

Status MakeFolders(const std::filesystem::path& folder) {
  std::error_code code;
  std::filesystem::create_directories(folder, code);
  return code ? ErrnoError(code.value(), "making " + folder.string()) : Status::Ok();
}

Status RemoveFolder(const std::filesystem::path& folder) {
  std::error_code code;
  std::filesystem::remove_all(folder, code);
  return code ? ErrnoError(code.value(), "removing " + folder.string()) : Status::Ok();
}

/// Takes the lock of a name, waiting for other processes: at most half an hour.
Result<ProcessLock> LockName(const InstalledConnectors& installed, const std::string& name,
                             const ConnectorInstaller::Tell& tell, const std::stop_token& stop) {
  constexpr std::chrono::milliseconds kTick(200);
  const Deadline deadline = Deadline::After(std::chrono::minutes(30));
  const std::filesystem::path locks = installed.folder() / ".locks";
  MR_RETURN_IF_ERROR(MakeFolders(locks));
  MR_ASSIGN_OR_RETURN(ProcessLock lock, ProcessLock::Open(locks / name, /*inherited=*/false));
  std::mutex mutex;
  std::condition_variable_any nobody;  // wakes for the stop alone
  for (bool told = false;; told = true) {
    MR_ASSIGN_OR_RETURN(const bool taken, lock.Try());
    if (taken) return lock;
    if (stop.stop_requested()) return Status::Canceled();
    if (deadline.Passed()) {
      return TransientError("process {} has been working on {} for half an hour", lock.Holder(),
                            name);
    }
    if (!told) tell(fmt::format("waiting for process {}, which works on it", lock.Holder()), false);
    std::unique_lock waiting(mutex);
    nobody.wait_for(waiting, stop, kTick, [] { return false; });
  }
}

/// Says of a folder that an installation made it and didn't end, or that a removal has begun: it
/// may be deleted. Other people's folders have none.
std::filesystem::path UnfinishedMark(const std::filesystem::path& folder) {
  return folder / ".unfinished";
}

Status MarkUnfinished(const std::filesystem::path& folder) {
  return WriteFileAtomically(UnfinishedMark(folder), "");
}

/// A folder of that place that may be deleted.
bool IsLeftover(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (std::filesystem::is_symlink(folder, ignored)) return false;
  return std::filesystem::is_directory(folder, ignored) &&
         (std::filesystem::is_empty(folder, ignored) ||
          std::filesystem::exists(UnfinishedMark(folder), ignored));
}

/// What installations and removals that didn't end left behind.
Status ClearLeftovers(const InstalledConnectors& installed, const std::string& name) {
  std::error_code code;
  if (std::filesystem::is_symlink(installed.FolderOf(name), code)) {
    return ConfigError("{} is a link: installed connectors are folders of their own",
                       installed.FolderOf(name).string());
  }
  const std::vector<InstalledConnector> whole = installed.VersionsOf(name);
  std::vector<std::filesystem::path> leftovers;
  for (std::filesystem::directory_iterator at(installed.FolderOf(name), code), end;
       !code && at != end; at.increment(code)) {
    const bool is_whole = std::any_of(whole.begin(), whole.end(), [&](const auto& connector) {
      return connector.version == at->path().filename();
    });
    if (!is_whole && IsLeftover(at->path())) leftovers.push_back(at->path());
  }
  for (const std::filesystem::path& folder : leftovers) MR_RETURN_IF_ERROR(RemoveFolder(folder));
  return Status::Ok();
}

/// Makes all that was written on the folder's file system durable.
Status SyncFiles(const std::filesystem::path& folder) {
  const FileDescriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.get() < 0 || ::syncfs(opened.get()) != 0) {
    return ErrnoError(errno, "writing " + folder.string());
  }
  return Status::Ok();
}

/// Removes a folder when it ends, and the one around it when it is empty then, unless what is made
/// there was finished.
class Staging {
 public:
  explicit Staging(std::filesystem::path folder) : folder_(std::move(folder)) {}
  ~Staging() {
    if (finished_) return;
    std::error_code ignored;  // what is left is the next one's to clear
    std::filesystem::remove_all(folder_, ignored);
    std::filesystem::remove(folder_.parent_path(), ignored);
  }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;
  void Finish() { finished_ = true; }

 private:
  const std::filesystem::path folder_;
  bool finished_ = false;
};

/// "source-x, tool" of an environment, without Python's own.
std::string OtherPrograms(const std::vector<std::string>& programs) {
  std::string text;
  for (const std::string& name : programs) {
    if (!name.starts_with("source-") && !name.starts_with("destination-")) continue;
    text += (text.empty() ? "" : ", ") + name;
  }
  return text.empty() ? "" : "; it has " + text;
}

/// A name that nobody knows is rather a mistyped one than a package of one's own index.
Status WithSuggestion(const Status& status, const Catalogue& catalogue, const std::string& name) {
  if (!status.failed() || PackageOf(catalogue, name) || catalogue.Find(name).ok()) return status;
  Error error = status.error();
  error.message += catalogue.Suggestion(name);
  return Status::Failed(std::move(error));
}

}  // namespace

Result<ConnectorInstaller::Wanted> ConnectorInstaller::WantedOf(
    const InstallRequest& request) const {
  MR_RETURN_IF_ERROR(CheckConnectorName(request.name));
  const auto known = catalogue_.Find(request.name);
  const bool native =
      known.ok() && (*known)->runs == ConnectorKind::kManifest && request.python.empty();
  if (native || !request.from.empty()) return WantedManifest(request);
  const auto package = PackageOf(catalogue_, request.name);
  Wanted wanted{request.name,
                package ? package->package : UsualPackageName(request.name),
                request.version,
                "",
                "",
                ""};
  if (!request.version.empty()) {
    MR_RETURN_IF_ERROR(CheckConnectorVersion(request.version));
    return wanted;
  }
  if (package) {
    wanted.version = package->version;
    wanted.passed_over = package->passed_over;
    return wanted;
  }
  MR_ASSIGN_OR_RETURN(const CatalogueEntry* entry, catalogue_.Find(request.name));
  const std::string_view how =
      entry->runs == ConnectorKind::kBuiltIn    ? "it is built in: there is nothing to install"
      : entry->runs == ConnectorKind::kManifest ? "it runs from a low-code manifest (manifest: "
                                                  "FILE.yaml), or as a container (image: …)"
                                                : "it runs as a container (image: …)";
  return ConfigError(
      "{} has no Python package that is known; {}. One of your own index: {}==VERSION",
      request.name, how, request.name);
}

Result<InstallOutcome> ConnectorInstaller::Install(const InstallRequest& request,
                                                   std::stop_token stop) const {
  MR_ASSIGN_OR_RETURN(const Wanted wanted, WantedOf(request));
  MR_ASSIGN_OR_RETURN(const ProcessLock lock, LockName(installed_, wanted.name, tell_, stop));
  auto there = installed_.Find(wanted.name, wanted.version);
  if (there && !wanted.from.empty()) {
    return ConfigError(
        "{0} {1} is installed already: remove it (millrace connectors remove "
        "{0}=={1}), or name another version (--version)",
        wanted.name, wanted.version);
  }
  if (there) return InstallOutcome{*std::move(there), true, wanted.passed_over};
  MR_RETURN_IF_ERROR(ClearLeftovers(installed_, wanted.name));
  const std::filesystem::path folder = installed_.FolderOf(wanted.name, wanted.version);
  std::error_code ignored;
  if (std::filesystem::exists(folder, ignored)) {
    return ConfigError("{} is in the way, and no installation made it: move it elsewhere",
                       folder.string());
  }
  Staging staging(folder);
  MR_RETURN_IF_ERROR(MakeFolders(folder));
  MR_RETURN_IF_ERROR(MarkUnfinished(folder));
  std::optional<InstalledConnector> native;
  if (!wanted.image.empty() || !wanted.from.empty()) {
    MR_ASSIGN_OR_RETURN(native, BuildNative(wanted, stop));
  }
  auto built = native ? Result<InstalledConnector>(*std::move(native))
                      : Build(wanted, request.python, stop);
  if (!built.ok()) return WithSuggestion(built.status(), catalogue_, wanted.name);
  const InstalledConnector connector = *std::move(built);
  MR_RETURN_IF_ERROR(SyncFiles(folder));
  MR_RETURN_IF_ERROR(installed_.Record(connector));
  staging.Finish();
  std::filesystem::remove(UnfinishedMark(folder), ignored);  // with its record it counts as whole
  return InstallOutcome{connector, false, wanted.passed_over};
}

Result<InstalledConnector> ConnectorInstaller::Build(const Wanted& wanted,
                                                     const std::string& python,
                                                     std::stop_token stop) const {
  const PackageInstaller installer(environment_, stop,
                                   [this](std::string_view line) { tell_(line, true); });
  MR_ASSIGN_OR_RETURN(const auto pythons, installer.Pythons(python));
  const std::filesystem::path folder = installed_.FolderOf(wanted.name, wanted.version);
  const std::filesystem::path venv = folder / "venv";
  PackageBuild build(installer, {wanted.name, wanted.package, wanted.version, folder.string(), ""},
                     venv, [this](const std::string& step) { tell_(step, false); });
  MR_ASSIGN_OR_RETURN(const InstalledPackage package, build.Run(pythons));
  if (package.version != wanted.version) {
    return ConfigError("the package index writes {} {} as {}: install that", wanted.name,
                       wanted.version, package.version);
  }
  const std::filesystem::path executable = venv / "bin" / wanted.name;
  if (std::find(package.programs.begin(), package.programs.end(), wanted.name) ==
      package.programs.end()) {
    return ConfigError("{} {} is no connector: it brings no program {}{}", wanted.package,
                       wanted.version, wanted.name, OtherPrograms(package.programs));
  }
  tell_("checking it: asking it for its specification", false);
  auto spec = AskSpecification(executable, stop);
  if (!spec.ok()) {
    return spec.status().WithContext(fmt::format("installing {} {}", wanted.name, wanted.version));
  }
  return InstalledConnector{.name = wanted.name,
                            .package = wanted.package,
                            .version = wanted.version,
                            .python_version = package.python_version,
                            .executable = executable,
                            .installed_at = InstallTimeText(Clock::System().WallNow()),
                            .spec = *std::move(spec)};
}

Result<std::vector<InstalledConnector>> ConnectorInstaller::Remove(const std::string& name,
                                                                   const std::string& version,
                                                                   std::stop_token stop) const {
  MR_RETURN_IF_ERROR(CheckConnectorName(name));
  if (!version.empty()) MR_RETURN_IF_ERROR(CheckConnectorVersion(version));
  std::vector<InstalledConnector> removed;
  const auto chosen = [&] {
    std::vector<InstalledConnector> versions = installed_.VersionsOf(name);
    std::erase_if(versions, [&](const InstalledConnector& connector) {
      return !version.empty() && connector.version != version;
    });
    return versions;
  };
  if (chosen().empty()) {
    return ConfigError("{}{}{} is not installed", name, version.empty() ? "" : " ", version);
  }
  MR_ASSIGN_OR_RETURN(const ProcessLock lock, LockName(installed_, name, tell_, stop));
  for (InstalledConnector& connector : chosen()) {
    const std::filesystem::path folder = installed_.FolderOf(name, connector.version);
    const std::vector<pid_t> users = ProcessesBelow(folder);
    if (!users.empty()) {
      return ConfigError("{} {} is in use by process {}: wait for its sync, or stop it", name,
                         connector.version, users[0]);
    }
    MR_RETURN_IF_ERROR(MarkUnfinished(folder));
    MR_RETURN_IF_ERROR(installed_.Forget(name, connector.version));
    MR_RETURN_IF_ERROR(RemoveFolder(folder));
    removed.push_back(std::move(connector));
  }
  MR_RETURN_IF_ERROR(ClearLeftovers(installed_, name));
  std::error_code ignored;
  std::filesystem::remove(installed_.FolderOf(name), ignored);  // if it is empty
  return removed;
}

}  // namespace millrace
