#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "attempt/start_document.h"
#include "base/result.h"
#include "control/worker/attempt_id.h"
#include "control/worker/tracked_process.h"

namespace millrace {

/// What has to be known of an attempt to find it again. A plain value.
struct AttemptRecord {
  AttemptId id;
  std::string token;
  ProcessIdentity process;
  ResourceLimits limits;
  std::filesystem::path control_group;  ///< empty: none
  int64_t out_of_memory_kills = 0;      ///< of the machine, when it started
};

/// The folder of one attempt (mode 0700): its record, its temporary files, what it prints. Owned by
/// the attempt's handle; it stays until the attempt's end is known.
class AttemptFolder {
 public:
  /// Makes it; a system error when the attempt has one already.
  static Result<AttemptFolder> Make(const std::filesystem::path& attempts, AttemptId id);
  static AttemptFolder Of(const std::filesystem::path& attempts, AttemptId id);
  /// The attempts that have one, in order.
  static Result<std::vector<AttemptId>> List(const std::filesystem::path& attempts);

  std::filesystem::path temporary() const { return path_ / "tmp"; }
  std::filesystem::path output() const { return path_ / "output"; }
  /// Durable (mode 0600) when it returns: it holds the token.
  Status Save(const AttemptRecord& record) const;
  /// A record without a process when none was saved: the attempt never got its start document.
  Result<AttemptRecord> Load() const;
  /// The end of what the attempt printed, at most 2 kB; usually nothing.
  std::string LastWords() const;
  void Remove() const;

 private:
  AttemptFolder(std::filesystem::path path, AttemptId id) : path_(std::move(path)), id_(id) {}

  std::filesystem::path path_;
  AttemptId id_;
};

}  // namespace millrace
