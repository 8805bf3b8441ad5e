#include "server/attempts/attempt_endpoint.h"

#include <charconv>
#include <optional>

#include "base/log.h"
#include "server/attempts/carried_call.h"

namespace millrace {
namespace {

/// As much as an attempt sends at once (HttpsCaller), and some more.
constexpr size_t kBodyBytesMax = 2 << 20;
/// A worker whose database is away takes nothing for a while: each of its attempts may hold one.
constexpr int kThreads = 16;

HttpResponse Answer(int status, std::string_view message) {
  return {status, "application/json", fmt::format(R"({{"message":"{}"}})", message), {}};
}

std::optional<int64_t> NumberOf(const std::string& text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// The attempt that /attempts/JOB/NUMBER/lines names.
std::optional<AttemptId> AttemptOf(const std::vector<std::string>& path) {
  if (path.size() != 4 || path[0] != "attempts" || path[3] != "lines") return std::nullopt;
  const auto job = NumberOf(path[1]), number = NumberOf(path[2]);
  if (!job || !number) return std::nullopt;
  return AttemptId{*job, *number};
}

std::string TokenOf(const HttpRequest& request) {
  constexpr std::string_view kScheme = "Bearer ";
  const std::string_view header = request.Header("authorization");
  return header.starts_with(kScheme) ? std::string(header.substr(kScheme.size())) : "";
}

}  // namespace

Result<std::unique_ptr<AttemptEndpoint>> AttemptEndpoint::Start(const Options& options,
                                                                Admit admit) {
  if (options.tls_certificate_file.empty() || options.tls_key_file.empty()) {
    return ConfigError("attempts talk HTTPS only: give --tls-cert and --tls-key");
  }
  HttpServer::Options http;
  http.listen = {options.listen};
  http.tls_certificate_file = options.tls_certificate_file;
  http.tls_key_file = options.tls_key_file;
  http.handler_threads = kThreads;
  http.body_bytes_max = kBodyBytesMax;
  std::unique_ptr<AttemptEndpoint> endpoint(new AttemptEndpoint(std::move(admit)));
  MR_ASSIGN_OR_RETURN(endpoint->http_,
                      HttpServer::Start(http, [self = endpoint.get()](const HttpRequest& request) {
                        return self->Handle(request);
                      }));
  return endpoint;
}

AttemptEndpoint::~AttemptEndpoint() {
  if (http_) http_->Stop(std::chrono::seconds(1));
}

std::string AttemptEndpoint::address() const { return http_->addresses().front(); }

HttpResponse AttemptEndpoint::Handle(const HttpRequest& request) {
  const auto id = AttemptOf(request.path);
  // Whoever has no token learns nothing of what runs.
  const auto slot = id ? admit_(*id, TokenOf(request)) : nullptr;
  if (!slot) return Answer(404, "there is no such attempt here");
  const std::string call(request.Header("x-millrace-call"));
  if (request.method == "GET") return Open(*id, call, *slot);
  if (request.method == "POST") return Take(*id, call, request.body);
  return Answer(405, "GET or POST");
}

HttpResponse AttemptEndpoint::Open(const AttemptId& id, const std::string& call, CallSlot& slot) {
  auto made = CarriedCall::Make();
  if (!made.ok()) {
    Log(LogLevel::kError, "taking the call of attempt {}: {}", id.ToString(),
        made.status().ToString());
    return Answer(503, "try again");
  }
  auto& [carried, socket] = *made;
  {
    std::lock_guard lock(mutex_);
    std::erase_if(newest_, [](const auto& entry) { return entry.second.carried.expired(); });
    newest_.insert_or_assign(id, Newest{call, carried});
  }
  slot.Put(std::move(socket));
  HttpResponse response{200, "application/x-ndjson", "", {{"Cache-Control", "no-store"}}};
  response.next_piece = [carried = std::move(carried)] { return carried->Next(); };
  return response;
}

HttpResponse AttemptEndpoint::Take(const AttemptId& id, const std::string& call,
                                   const std::string& bytes) {
  std::shared_ptr<CarriedCall> carried;
  {
    std::lock_guard lock(mutex_);
    const auto found = newest_.find(id);
    if (found != newest_.end() && found->second.call == call)
      carried = found->second.carried.lock();
  }
  if (!carried || !carried->Put(bytes)) return Answer(410, "this call is over");
  return {204, "", "", {}};
}

}  // namespace millrace
