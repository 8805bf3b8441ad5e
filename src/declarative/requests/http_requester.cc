#include "declarative/requests/http_requester.h"

#include <algorithm>

#include "declarative/jinja/py_number_text.h"
#include "declarative/requests/authenticator.h"
#include "declarative/requests/error_handler.h"
#include "declarative/requests/own_options.h"
#include "declarative/requests/prepared_request.h"
#include "declarative/requests/python_url.h"
#include "declarative/requests/request_context.h"
#include "declarative/requests/request_sender.h"

namespace millrace {
namespace {

constexpr std::string_view kMethods[] = {"GET", "POST", "PATCH", "DELETE", "PUT", "HEAD"};

/// The fields of an HttpRequester, ready to be evaluated.
struct HttpRequesterParts {
  std::string method = "GET";
  InterpolatedString url, url_base, path;
  OwnOptions options;
  bool decode = true;
  std::optional<std::chrono::milliseconds> connect, stall;
};

class HttpRequester final : public Requester {
 public:
  HttpRequester(const EngineEnvironment& environment, HttpRequesterParts parts,
                std::unique_ptr<RequestSender> sender)
      : environment_(environment), parts_(std::move(parts)), sender_(std::move(sender)) {}

  Result<ApiReply> Send(ApiCall call) override {
    MR_ASSIGN_OR_RETURN(ApiRequest request, Prepare(call));
    return sender_->Send(std::move(request), call.stop);
  }

  Result<std::string> UrlBase(const StreamSlice* slice) const override {
    const PyValue no_token;
    const RequestContext request(environment_, slice, no_token);
    MR_ASSIGN_OR_RETURN(std::string url, parts_.url.EvaluateText(request.context()));
    if (!url.empty()) return url;
    return parts_.url_base.EvaluateText(request.context());
  }

 private:
  Result<std::string> Url(const ApiCall& call, const InterpolationContext& context) const {
    MR_ASSIGN_OR_RETURN(const std::string url, parts_.url.EvaluateText(context));
    MR_ASSIGN_OR_RETURN(std::string base, parts_.url_base.EvaluateText(context));
    std::string path = call.path;
    if (path.empty()) {
      MR_ASSIGN_OR_RETURN(path, parts_.path.EvaluateText(context));
      path.erase(0, std::min(path.find_first_not_of('/'), path.size()));
    }
    if (base.empty()) base = url;
    if (path.empty()) return base;
    if (!base.ends_with('/')) base.push_back('/');
    return UrlJoin(base, path);
  }

  Result<ApiRequest> Prepare(ApiCall& call) {
    const RequestContext scope(environment_, call.slice, call.next_page_token);
    const InterpolationContext& context = scope.context();
    MR_ASSIGN_OR_RETURN(const std::string url, Url(call, context));
    MR_ASSIGN_OR_RETURN(RequestOptions options, parts_.options.Evaluate(context, call.slice));
    Authenticator& authenticator = sender_->authenticator();
    RequestOptions proof;
    MR_ASSIGN_OR_RETURN(PyValue header, authenticator.Header(call.stop));
    MR_ASSIGN_OR_RETURN(proof, authenticator.Options(call.stop));
    proof.headers = std::move(header);
    MR_RETURN_IF_ERROR(MergeRequestOptions(std::move(proof), &options));
    MR_RETURN_IF_ERROR(MergeRequestOptions(std::move(call.options), &options));
    MR_ASSIGN_OR_RETURN(ApiRequest request, PrepareRequest(parts_.method, url, options));
    request.decode = parts_.decode;
    request.connect = parts_.connect;
    request.stall = parts_.stall;
    sender_->AddCookies(&request);
    MR_RETURN_IF_ERROR(authenticator.Sign(&request, call.stop));
    return request;
  }

  const EngineEnvironment& environment_;
  const HttpRequesterParts parts_;
  const std::unique_ptr<RequestSender> sender_;
};

Result<std::optional<std::chrono::milliseconds>> Timeout(const Component& component,
                                                         std::string_view field) {
  std::optional<std::chrono::milliseconds> timeout;
  const PyValue* value = component.Field(field);
  if (value == nullptr) return timeout;
  const auto seconds = PyToFloat(*value);
  if (!seconds.ok() || *seconds <= 0 || *seconds > 86400) {
    return component.FieldError(field, "expected a number of seconds above 0");
  }
  timeout = std::chrono::milliseconds(static_cast<int64_t>(*seconds * 1000));
  return timeout;
}

Result<HttpRequesterParts> MakeParts(const Component& component,
                                     const HttpRequesterOptions& options) {
  HttpRequesterParts parts;
  MR_ASSIGN_OR_RETURN(parts.method, component.TextOr("http_method", "GET"));
  if (std::find(std::begin(kMethods), std::end(kMethods), parts.method) == std::end(kMethods)) {
    return component.FieldError("http_method", "there is no such method");
  }
  MR_ASSIGN_OR_RETURN(parts.url, component.Template("url"));
  MR_ASSIGN_OR_RETURN(parts.url_base, component.Template("url_base"));
  MR_ASSIGN_OR_RETURN(parts.path, component.Template("path"));
  if (parts.url.empty() && parts.url_base.empty()) {
    return component.Error("it has no url and no url_base");
  }
  MR_ASSIGN_OR_RETURN(parts.options, OwnOptions::Make(component, options.query_properties_key));
  MR_ASSIGN_OR_RETURN(parts.connect, Timeout(component, "connect_timeout_in_seconds"));
  MR_ASSIGN_OR_RETURN(parts.stall, Timeout(component, "read_timeout_in_seconds"));
  parts.decode = !options.stream_response;
  return parts;
}

}  // namespace

Result<std::unique_ptr<Requester>> MakeHttpRequester(const Component& component,
                                                     const EngineEnvironment& environment,
                                                     HttpRequesterOptions options) {
  if (component.type() != "HttpRequester") return component.UnknownType("requester");
  MR_ASSIGN_OR_RETURN(HttpRequesterParts parts, MakeParts(component, options));
  MR_ASSIGN_OR_RETURN(const auto auth, component.ChildIf("authenticator"));
  std::shared_ptr<Authenticator> authenticator = MakeNoAuthenticator();
  if (auth) {
    const AuthenticatorOwner owner{options.resources, options.name,
                                   parts.url.empty() ? parts.url_base.text() : parts.url.text(),
                                   component.parameters()};
    MR_ASSIGN_OR_RETURN(authenticator, MakeAuthenticator(*auth, environment, owner));
  }
  MR_ASSIGN_OR_RETURN(const auto handler, component.ChildIf("error_handler"));
  std::unique_ptr<ErrorHandler> error_handler = MakeDefaultErrorHandler();
  if (handler) {
    MR_ASSIGN_OR_RETURN(error_handler, MakeErrorHandler(*handler, environment));
  }
  MR_ASSIGN_OR_RETURN(const bool caches, component.BoolOr("use_cache", false));
  auto sender = std::make_unique<RequestSender>(
      environment, options.resources, std::move(error_handler), std::move(authenticator),
      RequestSender::Options{options.name, caches || options.use_cache,
                             options.exit_on_rate_limit, options.purpose});
  return std::unique_ptr<Requester>(
      std::make_unique<HttpRequester>(environment, std::move(parts), std::move(sender)));
}

}  // namespace millrace
