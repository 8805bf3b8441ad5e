#include "lake/writer_lock.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json.h"
#include "base/uuid.h"

namespace millrace {
namespace {

constexpr int64_t kLockBytesMax = int64_t{1} << 20;
constexpr std::chrono::minutes kRenewAfter{5};
constexpr PutCondition kIfAbsent{PutCondition::Kind::kIfAbsent, ""};

std::string ToText(const LockText& lock) {
  return Json{{"connection", lock.connection},
              {"fencing_token", lock.fencing_token},
              {"tables", lock.tables},
              {"since_us", lock.since_us}}
      .dump();
}

/// What is no lock of ours holds nothing.
LockText FromText(const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  LockText lock;
  try {
    lock.connection = json.at("connection");
    lock.fencing_token = json.at("fencing_token");
    lock.tables = json.at("tables").get<std::vector<std::string>>();
    lock.since_us = json.value("since_us", int64_t{0});
  } catch (const Json::exception&) {
    return {};
  }
  return lock;
}

bool Overlap(const LockText& a, const LockText& b) {
  return std::any_of(a.tables.begin(), a.tables.end(), [&](const std::string& table) {
    return std::find(b.tables.begin(), b.tables.end(), table) != b.tables.end();
  });
}

}  // namespace

Result<std::unique_ptr<WriterLock>> WriterLock::Take(ObjectStore& store, const std::string& folder,
                                                     LockText text) {
  std::unique_ptr<WriterLock> lock(new WriterLock(store, std::move(text)));
  MR_RETURN_IF_ERROR(lock->Probe(folder));
  MR_RETURN_IF_ERROR(lock->PassOthers(folder));
  if (!lock->leased()) {
    MR_RETURN_IF_ERROR(store.Delete({lock->key_}));
    lock->key_.clear();
  }
  return lock;
}

WriterLock::~WriterLock() {
  if (!key_.empty()) (void)store_.Delete({key_}).ok();
}

Status WriterLock::Probe(const std::string& folder) {
  key_ = folder + RandomUuid() + ".json";
  const std::string text = ToText(text_);
  MR_ASSIGN_OR_RETURN(const PutOutcome first, store_.PutRepeatable(key_, text, kIfAbsent));
  if (first != PutOutcome::kWritten) {
    return SystemError("{} says that a new object {} is there already", store_.Name(), key_);
  }
  // Only a store without conditions writes it again.
  MR_ASSIGN_OR_RETURN(const PutOutcome second, store_.PutRepeatable(key_, text + "\n", kIfAbsent));
  leased_ = second == PutOutcome::kWritten;
  return Status::Ok();
}

Status WriterLock::PassOthers(const std::string& folder) {
  MR_ASSIGN_OR_RETURN(const auto locks, store_.List(folder));
  const auto own = std::find_if(locks.begin(), locks.end(),
                                [this](const ObjectInfo& object) { return object.key == key_; });
  if (own == locks.end()) {
    return SystemError("{} does not list the object {} that it has just taken", store_.Name(),
                       key_);
  }
  renewed_ = own->last_modified;
  text_.since_us = own->last_modified.time_since_epoch().count();
  std::vector<std::string> over;
  for (const ObjectInfo& other : locks) {
    if (other.key == key_) continue;
    if (other.last_modified + kLease < own->last_modified) {
      over.push_back(other.key);
      continue;
    }
    auto text = store_.ReadRange(other.key, 0, std::min(other.size, kLockBytesMax));
    if (!text.ok()) continue;  // given back meanwhile
    const LockText lock = FromText(*text);
    if (!Overlap(lock, text_)) continue;
    if (lock.connection == text_.connection && lock.fencing_token < text_.fencing_token) {
      over.push_back(other.key);  // whoever started us knows that it has ended
      continue;
    }
    if (!leased_) continue;
    const int64_t since =
        lock.since_us != 0 ? lock.since_us : other.last_modified.time_since_epoch().count();
    const bool earlier = std::pair(since, other.key) < std::pair(text_.since_us, own->key);
    if (!earlier && lock.connection != text_.connection) continue;  // it will see ours
    return TransientError(
        "the connection {} is writing one of these tables ({} in {}); let it end, then run again. "
        "After a crash its lock ends within {} minutes, or when you delete that object",
        lock.connection, other.key, store_.Name(), kLease.count());
  }
  return over.empty() ? Status::Ok() : store_.Delete(over);
}

Status WriterLock::Check() {
  if (!leased()) return Status::Ok();
  MR_ASSIGN_OR_RETURN(const auto own, store_.Head(key_));
  if (own == nullptr) {
    return TransientError("a newer attempt has taken over the tables of {} (lock {})",
                          store_.Name(), key_);
  }
  // By the store's clock all through: how long it has been since the last renewal is not known to
  // it before the next one, so one is due whenever the machine's time says so.
  const auto now =
      std::chrono::time_point_cast<std::chrono::microseconds>(Clock::System().WallNow());
  if (now - renewed_ < kRenewAfter && now >= renewed_) return Status::Ok();
  MR_RETURN_IF_ERROR(store_.Put(key_, ToText(text_)).status());
  renewed_ = now;
  return Status::Ok();
}

}  // namespace millrace
