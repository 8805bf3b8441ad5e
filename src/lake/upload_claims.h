#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "clients/object_store/object_store.h"
#include "lake/key_pattern.h"

namespace millrace {

/// Who writes which names below one folder: each connection leaves an object there that says so
/// before its first upload. An unfinished upload does not tell whose it is, so one that another
/// connection may have started is no leftover of ours. A claim holds for kClaimDays after its
/// connection's last load. Used by LakeLoad while it opens; one thread.
class UploadClaims {
 public:
  static constexpr int kClaimDays = 30;

  /// `folder`: of the claims, with '/' at its end. `store` outlives this.
  UploadClaims(ObjectStore& store, std::string folder, std::string connection, WallTime now)
      : store_(store), folder_(std::move(folder)), connection_(std::move(connection)), now_(now) {}

  /// Of the object that says so for this connection.
  std::string key() const;

  /// Says that this connection writes such names, in the place of what it said before.
  Status Claim(const std::vector<KeyPattern>& names);

  /// True when another connection may write `key`, or when that can't be told. Reads the others'
  /// claims when it is asked first.
  bool MayBeAnothers(std::string_view key);

 private:
  Result<std::vector<KeyPattern>> ReadOthers() const;

  ObjectStore& store_;
  const std::string folder_;
  const std::string connection_;
  const WallTime now_;
  std::optional<Result<std::vector<KeyPattern>>> others_;
};

}  // namespace millrace
