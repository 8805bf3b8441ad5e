#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "server/config_api/config_api.h"
#include "server/config_api/services.h"
#include "server/http/http_message.h"
#include "server/http/router.h"

namespace millrace {

/// What every resource of the public API works with. Each is a translation: it makes calls of the
/// config API, which keep the rules, and says their answers in the public API's words. Plain
/// references; what they name outlives it.
struct PublicContext {
  const Services& services;
  const ConfigApi& config;
};

/// Why a request can't be answered: thrown together in the middle of a translation, answered as a
/// problem document. A plain value.
struct Problem {
  int status = 400;
  std::string detail;
};

/// The answer of a call of the config API: its document, or the problem.
struct CallAnswer {
  ApiReply reply;
  bool ok() const { return reply.status / 100 == 2; }
  const Json& document() const { return *reply.body; }
};

CallAnswer CallConfig(const PublicContext& context, std::string_view path, const Json& body,
                      const Caller& caller = {});
inline Caller CallerOf(const HttpRequest& request) { return {request.person_id}; }

/// The config API's refusal as a problem document.
HttpResponse ProblemOf(const ApiReply& refusal);
HttpResponse ProblemOf(const Problem& problem);

/// The request's document; empty: it is no JSON object, which is 400.
std::optional<Json> DocumentOf(const HttpRequest& request);
HttpResponse NoDocument();

/// One page of a list, as the query asks for it: `limit` (1 to 100, 20 by default), `offset`.
struct PublicPage {
  int64_t limit = 20;
  int64_t offset = 0;
};
std::optional<PublicPage> PublicPageOf(const HttpRequest& request, Problem* problem);

/// The values of a query parameter that may occur more than once, or hold several with commas.
std::vector<std::string> QueryList(const HttpRequest& request, std::string_view name);
/// The value of a query parameter; empty when it isn't there.
std::string QueryText(const HttpRequest& request, std::string_view name);
/// workspaceIds, with the id of "default" put in its place.
Result<std::vector<std::string>> WorkspacesAsked(const PublicContext& context,
                                                 const HttpRequest& request);

/// {"previous", "next", "data"}. `rows` has one more than the page's limit when there is a next
/// page; the addresses keep the request's other parameters and are empty where there is no page.
HttpResponse ListResponse(const HttpRequest& request, const PublicPage& page, Json rows);

/// The same call of the config API with one document after the other.
struct RepeatedCall {
  std::string path;
  std::vector<Json> bodies;
};
/// A page of its answers, each in the words of `say`; what was deleted a moment ago is left out.
HttpResponse ListOfAnswers(const PublicContext& context, const HttpRequest& request,
                           const PublicPage& page, const RepeatedCall& call,
                           const std::function<Json(const Json&)>& say);

}  // namespace millrace
