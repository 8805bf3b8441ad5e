#include "control/worker/attempt_launcher.h"

#include <sodium.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <nlohmann/json.hpp>

#include "attempt/attempt_process.h"
#include "attempt/child_start.h"
#include "base/file_io.h"
#include "subprocess/confinement.h"

namespace millrace {
namespace {

std::string NewToken() {
  std::array<unsigned char, 32> bytes;
  ::randombytes_buf(bytes.data(), bytes.size());
  std::string text(bytes.size() * 2 + 1, '\0');
  ::sodium_bin2hex(text.data(), text.size(), bytes.data(), bytes.size());
  text.pop_back();
  return text;
}

}  // namespace

AttemptLauncher::~AttemptLauncher() = default;

Result<std::unique_ptr<AttemptLauncher>> AttemptLauncher::Open(Options options,
                                                               LimitKeeper& limits) {
  if (::sodium_init() < 0) return SystemError("there is no source of randomness");
  if (options.program.empty()) {
    MR_ASSIGN_OR_RETURN(options.program, AttemptProgram());
  }
  options.data_dir = std::filesystem::absolute(options.data_dir);
  const std::filesystem::path attempts = options.data_dir / "attempts";
  if (::mkdir(attempts.c_str(), 0700) != 0 && errno != EEXIST) {
    return ErrnoError(errno, "making " + attempts.string());
  }
  MR_ASSIGN_OR_RETURN(auto listener, AttemptListener::Open(attempts / "socket"));
  return std::unique_ptr<AttemptLauncher>(
      new AttemptLauncher(std::move(options), limits, std::move(listener)));
}

std::unique_ptr<AttemptHandle> AttemptLauncher::MakeHandle(const AttemptRecord& record,
                                                           AttemptFolder folder,
                                                           std::unique_ptr<JsonLineSocket> socket) {
  AttemptHandle::Surroundings surroundings{
      *listener_,
      {record.limits.memory_bytes, record.control_group,
       limits_.Watch(record.process, record.control_group, record.limits),
       record.out_of_memory_kills}};
  return std::unique_ptr<AttemptHandle>(
      new AttemptHandle(record, std::move(folder), std::move(socket), std::move(surroundings)));
}

Result<std::unique_ptr<AttemptHandle>> AttemptLauncher::Start(AttemptId id, StartDocument start) {
  MR_ASSIGN_OR_RETURN(const AttemptFolder folder, AttemptFolder::Make(attempts(), id));
  AttemptRecord record{id, NewToken(), {}, start.limits, {}, {}};
  record.out_of_memory_kills = ControlGroups::OutOfMemoryKillsOfMachine();
  start.parent = ParentAddress{.socket_path = socket_path().string(),
                               .url = options_.https_url,
                               .ca_bundle = options_.https_ca_bundle.string(),
                               .job = id.job,
                               .number = id.number,
                               .token = record.token};
  start.rules = options_.rules;
  ChildStart child;
  child.program = options_.program;
  child.outlives_parent = true;
  child.confined_environment = ConfinedEnvironment(folder.temporary());
  child.output = folder.output();
  auto group = limits_.MakeGroup("millrace-attempt-" + id.ToString(), start.limits);
  auto started = group.ok() ? (child.control_group = *group, StartChild(child))
                            : Result<StartedChild>(group.status());
  if (!started.ok()) {
    folder.Remove();
    return started.status();
  }
  record.control_group = child.control_group;
  auto socket = std::make_unique<JsonLineSocket>(started->fd);
  // Known before it has its document: an attempt that runs is found again.
  const auto identity = ProcessIdentity::Of(started->pid);
  if (identity) record.process = *identity;
  const Status saved = folder.Save(record);
  if (!identity || !saved.ok()) {
    ::kill(started->pid, SIGKILL);
    ::waitpid(started->pid, nullptr, 0);
    folder.Remove();
    return saved.ok() ? SystemError("process {} is not to be seen in /proc", started->pid) : saved;
  }
  auto handle = MakeHandle(record, folder, std::move(socket));
  // A child that is gone already is noticed by Wait.
  (void)handle->socket_->Write(ToJson(start)).ok();
  if (!options_.https_url.empty()) handle->socket_.reset();  // its document is all it gets here
  return handle;
}

std::shared_ptr<CallSlot> AttemptLauncher::Admit(AttemptId id, const std::string& token) const {
  return listener_->Admit(id, token);
}

Result<std::vector<AttemptId>> AttemptLauncher::Left() const {
  MR_ASSIGN_OR_RETURN(auto ids, AttemptFolder::List(attempts()));
  std::erase_if(ids, [this](AttemptId id) { return listener_->expects(id); });
  return ids;
}

Result<std::unique_ptr<AttemptHandle>> AttemptLauncher::Find(AttemptId id) {
  if (listener_->expects(id)) return SystemError("attempt {} is in hand already", id.ToString());
  AttemptFolder folder = AttemptFolder::Of(attempts(), id);
  MR_ASSIGN_OR_RETURN(const AttemptRecord record, folder.Load());
  return MakeHandle(record, std::move(folder), nullptr);
}

}  // namespace millrace
