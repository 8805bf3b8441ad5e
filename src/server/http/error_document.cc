#include "server/http/error_document.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/secrets.h"
#include "server/http/json_body.h"

namespace millrace {
namespace {

struct ProblemTitle {
  int status;
  const char* title;
};
constexpr ProblemTitle kTitles[] = {
    {400, "bad-request"},        {401, "unauthorized"},         {403, "forbidden"},
    {404, "resource-not-found"}, {405, "method-not-allowed"},   {409, "state-conflict"},
    {413, "content-too-large"},  {422, "unprocessable-entity"}, {423, "locked"},
    {429, "too-many-requests"},  {501, "not-implemented"},      {503, "service-unavailable"},
};

const char* TitleOf(int status) {
  for (const ProblemTitle& entry : kTitles) {
    if (entry.status == status) return entry.title;
  }
  return "unexpected-problem";
}

}  // namespace

HttpResponse ProblemDocument(int status, const std::string& detail, const Json& data) {
  const std::string title = TitleOf(status);
  HttpResponse response = JsonResponse(status, {{"status", status},
                                                {"type", "error:" + title},
                                                {"title", title},
                                                {"detail", Secrets::Redact(detail)},
                                                {"documentationUrl", nullptr},
                                                {"data", data}});
  response.content_type = "application/problem+json";
  return response;
}

HttpResponse ErrorDocument(const HttpRequest& request, int status, const std::string& message) {
  const auto& path = request.path;
  if (path.size() >= 2 && path[0] == "api" && path[1] == "public") {
    return ProblemDocument(status, message, Json::object());
  }
  return JsonResponse(status, {{"message", Secrets::Redact(message)}});
}

HttpResponse OtherMethodDocument(const HttpRequest& request, const std::string& allowed) {
  HttpResponse response = ErrorDocument(
      request, 405, fmt::format("this path takes {}, not {}", allowed, request.method));
  response.headers.emplace_back("Allow", allowed);
  return response;
}

}  // namespace millrace
