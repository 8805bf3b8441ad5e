#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "control/worker/attempt_id.h"
#include "control/worker/attempt_listener.h"
#include "server/http/http_server.h"

namespace millrace {

class CarriedCall;

/// Takes the calls of attempts that talk HTTPS (HttpsCaller is the other side): an address of its
/// own, apart from the API. `GET /attempts/JOB/NUMBER/lines` opens a call; its reply, which ends
/// when the call does, is what the worker sends; `POST` to the same path brings what the attempt
/// sends. Each call is a pair of sockets, so that whoever serves the attempt sees a channel like
/// any other. Owned by the process's WorkerHost; a server's threads call into it.
class AttemptEndpoint {
 public:
  struct Options {
    std::string listen;  ///< "IP:PORT"
    std::filesystem::path tls_certificate_file;
    std::filesystem::path tls_key_file;
  };
  /// Where a call goes when the token is the attempt's; null when it isn't. From any thread.
  using Admit =
      std::function<std::shared_ptr<CallSlot>(const AttemptId& id, const std::string& token)>;

  /// Config errors: see HttpServer; no certificate.
  static Result<std::unique_ptr<AttemptEndpoint>> Start(const Options& options, Admit admit);
  /// Ends all calls: the attempts call again.
  ~AttemptEndpoint();

  /// "IP:PORT", as it was bound.
  std::string address() const;

 private:
  explicit AttemptEndpoint(Admit admit) : admit_(std::move(admit)) {}

  HttpResponse Handle(const HttpRequest& request);
  HttpResponse Open(const AttemptId& id, const std::string& call, CallSlot& slot);
  HttpResponse Take(const AttemptId& id, const std::string& call, const std::string& bytes);

  /// The newest call of an attempt. It lives as long as its reply.
  struct Newest {
    std::string call;
    std::weak_ptr<CarriedCall> carried;
  };

  const Admit admit_;
  std::mutex mutex_;
  std::map<AttemptId, Newest> newest_;  // guarded by mutex_
  std::unique_ptr<HttpServer> http_;    // last: its threads use all of the above
};

}  // namespace millrace
