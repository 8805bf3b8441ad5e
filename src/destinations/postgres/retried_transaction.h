#pragma once

#include <functional>
#include <memory>

#include "clients/postgres/pg_connection.h"

namespace millrace {

/// The connection on which a load decides things: one transaction after the other, each tried again
/// where the server (or the network) says that another time may be better. Owned by the load; one
/// thread.
class RetriedTransactions {
 public:
  /// How often one transaction is tried.
  static constexpr int kTriesMost = 5;

  using Work = std::function<Status(PgConnection&)>;
  /// Whether a transaction took effect whose COMMIT was never answered.
  using Happened = std::function<Result<bool>(PgConnection&)>;

  explicit RetriedTransactions(PgOptions options) : options_(std::move(options)) {}

  /// BEGIN, `work`, COMMIT; on a deadlock, a lock's timeout or a lost connection again, with
  /// growing pauses (3 s in all). `happened` is asked on a new connection after an answer was lost.
  /// Durable when it returns ok.
  Status Run(const Work& work, const Happened& happened = nullptr);
  /// Outside of a transaction; once.
  Result<PgConnection*> Connection();

 private:
  /// `*unknown`: the COMMIT was sent, and no answer came.
  Status Try(const Work& work, bool* unknown);

  const PgOptions options_;
  std::unique_ptr<PgConnection> connection_;
};

}  // namespace millrace
