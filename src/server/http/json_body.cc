#include "server/http/json_body.h"

#include <boost/url/parse_query.hpp>
#include <nlohmann/json.hpp>

#include "base/json_parsing.h"

namespace millrace {
namespace {

/// Deeper documents are no configuration: they are an attack on whoever walks them.
constexpr int kDepthMax = 64;

Json FormOf(std::string_view text) {
  const auto parsed = boost::urls::parse_query(text);
  if (!parsed) return Json(Json::value_t::discarded);
  boost::urls::encoding_opts options;
  options.space_as_plus = true;
  Json fields = Json::object();
  for (const auto& field : *parsed) {
    fields[field.key.decode(options)] = field.value.decode(options);
  }
  return fields;
}

}  // namespace

Json JsonBodyOf(const HttpRequest& request) {
  const bool blank = request.body.find_first_not_of(" \t\r\n") == std::string::npos;
  if (blank) return Json::object();
  Json body = ParseJson(request.body, {.depth_max = kDepthMax});
  return body.is_object() ? body : Json(Json::value_t::discarded);
}

Json FieldsOf(const HttpRequest& request) {
  const bool form =
      request.Header("content-type").find("x-www-form-urlencoded") != std::string_view::npos;
  // curl -d calls everything a form.
  if (form && request.body.find_first_not_of(" \t\r\n") != request.body.find('{')) {
    return FormOf(request.body);
  }
  return JsonBodyOf(request);
}

std::string JsonText(const Json& document) {
  return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

HttpResponse JsonResponse(int status, const Json& document) {
  return {status, "application/json", JsonText(document), {}};
}

std::string TextOf(const Json& body, std::string_view field) {
  const auto found = body.find(field);
  return found != body.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace millrace
