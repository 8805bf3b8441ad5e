#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "declarative/requests/request_sender.h"
#include "declarative/requests/token_quotas.h"

namespace millrace {

/// What a server says of one quota of one token.
struct QuotaStatus {
  bool tracked = true;  ///< false: it keeps no quotas
  int64_t remaining = 0, limit = 0;
  WallTime reset_at;
};

/// Who asks for the quotas of `token`, with the usual retries.
std::unique_ptr<RequestSender> MakeQuotaStatusSender(const EngineEnvironment& environment,
                                                     const TokenRotation& rotation,
                                                     const std::string& token);
/// In the order of rotation.quotas. A system error when the answer lacks a configured path.
Result<std::vector<QuotaStatus>> AskQuotaStatus(RequestSender& sender,
                                                const TokenRotation& rotation,
                                                const std::stop_token& stop);

}  // namespace millrace
