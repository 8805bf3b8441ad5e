#pragma once

#include <functional>
#include <memory>
#include <stop_token>

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

  /// `stop` ends the statement under way, and every pause, with kCanceled.
  RetriedTransactions(PgOptions options, std::stop_token stop)
      : options_(std::move(options)), stop_(std::move(stop)) {}

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
  const std::stop_token stop_;
  std::unique_ptr<PgConnection> connection_;
};

}  // namespace millrace
