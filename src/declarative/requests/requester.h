#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "declarative/requests/api_response.h"
#include "declarative/requests/request_options.h"
#include "declarative/slices/stream_slice.h"

namespace millrace {

/// What varies from call to call.
struct ApiCall {
  const StreamSlice* slice = nullptr;  ///< null: none
  PyValue next_page_token;             ///< None on the first page
  std::string path;                    ///< replaces the requester's; absolute URLs replace it all
  RequestOptions options;              ///< the paginator's and the slicer's
  std::stop_token stop;
};

/// How an exchange ended that isn't a failure.
enum class ApiOutcome {
  kSuccess,
  kIgnored,  ///< a status from 400 on that was let pass: the slice ends here, without records
  kResetPagination,
  kReducePageSize,
  kSplitRequestWindow,
};

struct ApiReply {
  ApiOutcome outcome = ApiOutcome::kSuccess;
  std::shared_ptr<const ApiResponse> response;  ///< null: it failed, and that was ignored
  std::string message;  ///< of the error filter that asked for smaller pages or windows
};

/// Sends requests of one endpoint: options, authentication, budget, retries and back-off, error
/// handling. From several threads at once.
class Requester {
 public:
  virtual ~Requester() = default;
  /// Not ok: the exchange failed for good, with the failure type that the error handler gave and a
  /// message for people. kCanceled: `call.stop`.
  virtual Result<ApiReply> Send(ApiCall call) = 0;
  /// url_base and path as the next request would have them; for messages and pagination by path.
  virtual Result<std::string> UrlBase(const StreamSlice* slice) const = 0;
};

}  // namespace millrace
