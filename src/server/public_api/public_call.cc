#include "server/public_api/public_call.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "server/http/error_document.h"
#include "server/http/json_body.h"

namespace millrace {
namespace {

constexpr int64_t kLimitMax = 100;

/// -1: not a number that fits.
int64_t NumberOf(const std::string& text) {
  int64_t number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : -1;
}

void AppendEscaped(std::string_view text, std::string* out) {
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      *out += c;
    } else {
      *out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
}

std::string AddressOf(const HttpRequest& request, const PublicPage& page, int64_t offset) {
  std::string address =
      fmt::format("{}://{}", request.secure ? "https" : "http", request.Header("host"));
  for (const std::string& part : request.path) {
    address += '/';
    AppendEscaped(part, &address);
  }
  address += fmt::format("?limit={}&offset={}", page.limit, offset);
  for (const auto& [name, value] : request.query) {
    if (name == "limit" || name == "offset") continue;
    address += '&';
    AppendEscaped(name, &address);
    address += '=';
    AppendEscaped(value, &address);
  }
  return address;
}

}  // namespace

CallAnswer CallConfig(const PublicContext& context, std::string_view path, const Json& body,
                      const Caller& caller) {
  return {context.config.Call(path, body, caller)};
}

HttpResponse ProblemOf(const ApiReply& refusal) {
  const Json& body = *refusal.body;
  Json data = Json::object();
  for (const char* field : {"id", "validationErrors"}) {
    if (const auto found = body.find(field); found != body.end()) data[field] = *found;
  }
  return ProblemDocument(refusal.status, TextOf(body, "message"), data);
}

HttpResponse ProblemOf(const Problem& problem) {
  return ProblemDocument(problem.status, problem.detail, Json::object());
}

std::optional<Json> DocumentOf(const HttpRequest& request) {
  Json body = JsonBodyOf(request);
  if (body.is_discarded()) return std::nullopt;
  return body;
}

HttpResponse NoDocument() {
  return ProblemDocument(400, "the request's body must be one JSON object", Json::object());
}

std::optional<PublicPage> PublicPageOf(const HttpRequest& request, Problem* problem) {
  PublicPage page;
  if (request.query.contains("limit")) {
    page.limit = NumberOf(QueryText(request, "limit"));
    if (page.limit < 1 || page.limit > kLimitMax) {
      *problem = {400, fmt::format("limit must be a number from 1 to {}", kLimitMax)};
      return std::nullopt;
    }
  }
  if (request.query.contains("offset")) {
    constexpr int64_t kOffsetMax = int64_t{1} << 53;
    page.offset = NumberOf(QueryText(request, "offset"));
    if (page.offset < 0 || page.offset > kOffsetMax) {
      *problem = {400, "offset must be a number from 0 to 2^53"};
      return std::nullopt;
    }
  }
  return page;
}

std::vector<std::string> QueryList(const HttpRequest& request, std::string_view name) {
  std::vector<std::string> values;
  const auto [first, last] = request.query.equal_range(name);
  for (auto parameter = first; parameter != last; ++parameter) {
    std::string_view rest = parameter->second;
    while (!rest.empty()) {
      const size_t end = std::min(rest.find(','), rest.size());
      if (end > 0) values.emplace_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return values;
}

std::string QueryText(const HttpRequest& request, std::string_view name) {
  const auto found = request.query.find(name);
  return found == request.query.end() ? std::string() : found->second;
}

Result<std::vector<std::string>> WorkspacesAsked(const PublicContext& context,
                                                 const HttpRequest& request) {
  std::vector<std::string> ids = QueryList(request, "workspaceIds");
  for (std::string& id : ids) {
    if (id != "default") continue;
    MR_RETURN_IF_ERROR(context.services.database.Read([&](SqlTransaction& transaction) -> Status {
      MR_ASSIGN_OR_RETURN(const auto workspace, DefaultWorkspace(transaction));
      if (workspace) id = workspace->id;
      return Status::Ok();
    }));
  }
  return ids;
}

HttpResponse ListResponse(const HttpRequest& request, const PublicPage& page, Json rows) {
  std::string previous;
  std::string next;
  if (page.offset > 0) {
    previous = AddressOf(request, page, std::max<int64_t>(0, page.offset - page.limit));
  }
  if (static_cast<int64_t>(rows.size()) > page.limit) {
    rows.erase(rows.size() - 1);
    next = AddressOf(request, page, page.offset + page.limit);
  }
  return JsonResponse(200, {{"previous", previous}, {"next", next}, {"data", std::move(rows)}});
}

HttpResponse ListOfAnswers(const PublicContext& context, const HttpRequest& request,
                           const PublicPage& page, const RepeatedCall& call,
                           const std::function<Json(const Json&)>& say) {
  Json rows = Json::array();
  for (const Json& body : call.bodies) {
    const auto answer = CallConfig(context, call.path, body);
    if (answer.reply.status == 404) continue;
    if (!answer.ok()) return ProblemOf(answer.reply);
    rows.push_back(say(answer.document()));
  }
  return ListResponse(request, page, std::move(rows));
}

}  // namespace millrace
