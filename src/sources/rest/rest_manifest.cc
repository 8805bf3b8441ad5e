#include "sources/rest/rest_manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/nearest_names.h"
#include "sources/rest/rest_parts.h"

namespace millrace {
namespace {

/// Parents of parents; more are a circle or as good as one.
constexpr int kParentsMax = 8;

/// Writes the streams of one manifest.
class RestManifestWriter {
 public:
  RestManifestWriter(const Json& config, RestPurpose purpose)
      : root_(config, "", config), purpose_(purpose) {}

  Result<Json> Write();

 private:
  Result<Json> Stream(const RestNode& endpoint, int depth) const;
  Result<Json> Requester(const RestNode& endpoint) const;
  Status SetBody(const RestNode& endpoint, Json* requester) const;
  Result<Json> ErrorHandler(const RestNode& endpoint) const;
  Result<Json> Selector(const RestNode& endpoint, bool probed) const;
  Result<Json> Decoder(const RestNode& endpoint) const;
  Status SetParent(const RestNode& endpoint, int depth, Json* stream) const;
  Result<RestNode> Pagination(const RestNode& endpoint) const;
  Status SetBudget(Json* manifest) const;
  Status CheckNames() const;

  const RestNode root_;
  const RestPurpose purpose_;
  std::vector<RestNode> endpoints_;
  std::vector<std::string> names_;
  std::string url_;
  Json authenticator_;
};

Result<Json> RestManifestWriter::Write() {
  MR_ASSIGN_OR_RETURN(url_, root_.NeededText("url_base"));
  const bool written = url_.find("{{") != std::string::npos;
  if (!written && !url_.starts_with("https://") && !url_.starts_with("http://")) {
    return root_.FieldError("url_base",
                            fmt::format("is \"{}\"; it must begin with https:// or http://", url_));
  }
  MR_ASSIGN_OR_RETURN(authenticator_, RestAuthenticator(root_));
  MR_ASSIGN_OR_RETURN(endpoints_, root_.Groups("endpoints"));
  if (endpoints_.empty()) return root_.FieldError("endpoints", "has no endpoint");
  for (const RestNode& endpoint : endpoints_) {
    MR_ASSIGN_OR_RETURN(names_.emplace_back(), endpoint.NeededText("name"));
  }
  MR_RETURN_IF_ERROR(CheckNames());
  Json manifest = Json{{"version", "7.0.0"}, {"type", "DeclarativeSource"}};
  manifest["check"] = RestComponent("CheckStream");
  manifest["check"]["stream_names"] = Json::array({names_.front()});
  Json& streams = manifest["streams"] = Json::array();
  for (const RestNode& endpoint : endpoints_) {
    MR_ASSIGN_OR_RETURN(streams.emplace_back(), Stream(endpoint, 0));
  }
  MR_ASSIGN_OR_RETURN(const int64_t threads, root_.Count("concurrency", 0, 1));
  if (threads > 0) {
    manifest["concurrency_level"] = RestComponent("ConcurrencyLevel");
    manifest["concurrency_level"]["default_concurrency"] = threads;
  }
  MR_RETURN_IF_ERROR(SetBudget(&manifest));
  return manifest;
}

Status RestManifestWriter::CheckNames() const {
  for (size_t i = 0; i < names_.size(); ++i) {
    if (std::find(names_.begin(), names_.begin() + static_cast<ptrdiff_t>(i), names_[i]) !=
        names_.begin() + static_cast<ptrdiff_t>(i)) {
      return endpoints_[i].FieldError(
          "name", fmt::format("is \"{}\", as another endpoint's is already", names_[i]));
    }
  }
  return Status::Ok();
}

Status RestManifestWriter::SetBudget(Json* manifest) const {
  MR_ASSIGN_OR_RETURN(const int64_t most, root_.Count("requests_per_minute", 0, 1));
  if (most == 0) return Status::Ok();
  Json policy = RestComponent("MovingWindowCallRatePolicy");
  policy["rates"] = Json::array({Json{{"limit", most}, {"interval", "PT1M"}}});
  policy["matchers"] = Json::array();
  (*manifest)["api_budget"] = RestComponent("HTTPAPIBudget");
  (*manifest)["api_budget"]["policies"] = Json::array({std::move(policy)});
  return Status::Ok();
}

Result<RestNode> RestManifestWriter::Pagination(const RestNode& endpoint) const {
  return endpoint.Has("pagination") ? endpoint.Group("pagination") : root_.Group("pagination");
}

Result<Json> RestManifestWriter::Stream(const RestNode& endpoint, int depth) const {
  const bool probed = purpose_ == RestPurpose::kProbe && depth == 0;
  Json stream = RestComponent("DeclarativeStream");
  MR_ASSIGN_OR_RETURN(stream["name"], endpoint.NeededText("name"));
  MR_ASSIGN_OR_RETURN(const auto keys, endpoint.Names("primary_key"));
  if (!keys.empty()) stream["primary_key"] = keys;
  Json& retriever = stream["retriever"] = RestComponent("SimpleRetriever");
  MR_ASSIGN_OR_RETURN(retriever["requester"], Requester(endpoint));
  MR_ASSIGN_OR_RETURN(retriever["decoder"], Decoder(endpoint));
  MR_ASSIGN_OR_RETURN(retriever["record_selector"], Selector(endpoint, probed));
  MR_ASSIGN_OR_RETURN(const RestNode pagination, Pagination(endpoint));
  MR_ASSIGN_OR_RETURN(Json paginator, RestPaginator(pagination));
  if (!paginator.is_null() && !probed) retriever["paginator"] = std::move(paginator);
  Json& loader = stream["schema_loader"] = RestComponent("InlineSchemaLoader");
  loader["schema"] = Json{{"type", "object"}, {"properties", Json::object()}};
  if (const Json* schema = endpoint.Find("schema")) {
    if (!schema->is_object() || !schema->contains("properties")) {
      return endpoint.FieldError("schema", "must be a JSON schema of an object, with properties");
    }
    loader["schema"] = *schema;
  }
  if (endpoint.Has("incremental")) {
    MR_ASSIGN_OR_RETURN(const RestNode incremental, endpoint.Group("incremental"));
    MR_ASSIGN_OR_RETURN(Json cursor, RestCursor(incremental, purpose_ != RestPurpose::kRead));
    if (probed) cursor.erase("is_client_side_incremental");
    stream["incremental_sync"] = std::move(cursor);
  }
  MR_RETURN_IF_ERROR(SetParent(endpoint, depth, &stream));
  if (probed) stream.erase("transformations");
  return stream;
}

Result<Json> RestManifestWriter::Requester(const RestNode& endpoint) const {
  Json requester = RestComponent("HttpRequester");
  requester["url_base"] = url_;
  MR_ASSIGN_OR_RETURN(requester["path"], endpoint.NeededText("path"));
  if (requester["path"].get_ref<const std::string&>().find("://") != std::string::npos) {
    return endpoint.FieldError("path", "must be what follows url_base, such as /customers");
  }
  MR_ASSIGN_OR_RETURN(requester["http_method"], endpoint.Choice("http_method", {"GET", "POST"}));
  if (!authenticator_.is_null()) requester["authenticator"] = authenticator_;
  for (const auto& [field, of_requester] :
       {std::pair("params", "request_parameters"), std::pair("headers", "request_headers")}) {
    MR_ASSIGN_OR_RETURN(Json all, root_.Texts(field));
    MR_ASSIGN_OR_RETURN(const Json own, endpoint.Texts(field));
    all.update(own);
    if (!all.empty()) requester[of_requester] = std::move(all);
  }
  MR_RETURN_IF_ERROR(SetBody(endpoint, &requester));
  MR_ASSIGN_OR_RETURN(Json handler, ErrorHandler(endpoint));
  if (!handler.is_null()) requester["error_handler"] = std::move(handler);
  return requester;
}

Status RestManifestWriter::SetBody(const RestNode& endpoint, Json* requester) const {
  const Json* body = endpoint.Find("body");
  MR_ASSIGN_OR_RETURN(Json form, endpoint.Texts("form"));
  if (body == nullptr && form.empty()) return Status::Ok();
  if ((*requester)["http_method"] != "POST") {
    return endpoint.FieldError(body != nullptr ? "body" : "form", "needs http_method: POST");
  }
  if (body != nullptr && !form.empty()) {
    return endpoint.FieldError("form", "and body can't both be sent: leave one out");
  }
  if (body == nullptr) {
    (*requester)["request_body"] = RestComponent("RequestBodyUrlEncodedForm");
    (*requester)["request_body"]["value"] = std::move(form);
    return Status::Ok();
  }
  if (!body->is_object() && !body->is_string()) {
    return endpoint.FieldError("body", "must be a group of fields, sent as JSON, or text");
  }
  MR_RETURN_IF_ERROR(CheckRestTemplates(*body, endpoint.PathOf("body"), endpoint.config()));
  (*requester)["request_body"] =
      RestComponent(body->is_object() ? "RequestBodyJsonObject" : "RequestBodyPlainText");
  (*requester)["request_body"]["value"] = *body;
  return Status::Ok();
}

Result<Json> RestManifestWriter::ErrorHandler(const RestNode& endpoint) const {
  Json codes = Json::array();
  if (const Json* ignored = endpoint.Find("ignore_status_codes")) {
    for (const Json& code : ignored->is_array() ? *ignored : Json::array({*ignored})) {
      if (!code.is_number_integer() || code < 100 || code > 599) {
        return endpoint.FieldError("ignore_status_codes", "must be HTTP statuses such as 404");
      }
      codes.push_back(code);
    }
  }
  Json handler = RestComponent("DefaultErrorHandler");
  // Somebody waits for a check.
  if (purpose_ == RestPurpose::kProbe) handler["max_retries"] = 1;
  if (codes.empty()) return purpose_ == RestPurpose::kProbe ? handler : Json();
  Json filter = RestComponent("HttpResponseFilter");
  filter["http_codes"] = std::move(codes);
  filter["action"] = "IGNORE";
  handler["response_filters"] = Json::array({std::move(filter)});
  return handler;
}

Result<Json> RestManifestWriter::Selector(const RestNode& endpoint, bool probed) const {
  MR_ASSIGN_OR_RETURN(const auto steps, endpoint.Steps("record_path"));
  MR_ASSIGN_OR_RETURN(const std::string filter, endpoint.Text("record_filter"));
  Json selector = RestComponent("RecordSelector");
  Json& extractor = selector["extractor"] = RestComponent("DpathExtractor");
  extractor["field_path"] = probed ? Json::array() : Json(steps);
  if (filter.empty() || probed) return selector;
  selector["record_filter"] = RestComponent("RecordFilter");
  selector["record_filter"]["condition"] = filter;
  return selector;
}

Result<Json> RestManifestWriter::Decoder(const RestNode& endpoint) const {
  MR_ASSIGN_OR_RETURN(const std::string format,
                      endpoint.Choice("response_format", {"JSON", "JSONL", "CSV", "XML"}));
  if (format == "JSONL") return RestComponent("JsonlDecoder");
  if (format == "CSV") return RestComponent("CsvDecoder");
  return RestComponent(format == "XML" ? "XmlDecoder" : "JsonDecoder");
}

Status RestManifestWriter::SetParent(const RestNode& endpoint, int depth, Json* stream) const {
  if (!endpoint.Has("parent")) return Status::Ok();
  MR_ASSIGN_OR_RETURN(const RestNode parent, endpoint.Group("parent"));
  MR_ASSIGN_OR_RETURN(const std::string of, parent.NeededText("endpoint"));
  MR_ASSIGN_OR_RETURN(const std::string key, parent.Text("key", "id"));
  MR_ASSIGN_OR_RETURN(const std::string field, parent.Text("as", "parent_id"));
  const auto found = std::find(names_.begin(), names_.end(), of);
  if (found == names_.end()) {
    return parent.FieldError("endpoint", fmt::format("is \"{}\", which is no endpoint{}", of,
                                                     DidYouMean(of, names_, 1)));
  }
  if (depth == kParentsMax) {
    return parent.FieldError("endpoint", "goes in a circle: each endpoint is another one's parent");
  }
  Json config = RestComponent("ParentStreamConfig");
  MR_ASSIGN_OR_RETURN(config["stream"],
                      Stream(endpoints_[static_cast<size_t>(found - names_.begin())], depth + 1));
  config["parent_key"] = key;
  config["partition_field"] = field;
  Json& router = (*stream)["retriever"]["partition_router"] =
      RestComponent("SubstreamPartitionRouter");
  router["parent_stream_configs"] = Json::array({std::move(config)});
  Json added = RestComponent("AddedFieldDefinition");
  added["path"] = Json::array({field});
  added["value"] = fmt::format("{{{{ stream_slice[{}] }}}}", RestQuoted(field));
  Json transformation = RestComponent("AddFields");
  transformation["fields"] = Json::array({std::move(added)});
  (*stream)["transformations"] = Json::array({std::move(transformation)});
  return Status::Ok();
}

}  // namespace

Json RestComponent(std::string_view type) { return Json{{"type", type}}; }

std::string RestQuoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "'";
}

Result<Json> RestRequestOption(const RestNode& node, std::string_view field,
                               const std::string& name) {
  MR_ASSIGN_OR_RETURN(const std::string place, node.Choice(field, {"query", "header", "body"}));
  Json option = RestComponent("RequestOption");
  option["inject_into"] = place == "query"    ? "request_parameter"
                          : place == "header" ? "header"
                                              : "body_json";
  option["field_name"] = name;
  return option;
}

Result<Json> RestManifest(const Json& config, RestPurpose purpose) {
  if (!config.is_object()) return ConfigError("the configuration must be a group of fields");
  return RestManifestWriter(config, purpose).Write();
}

Result<std::vector<RestEndpoint>> RestEndpoints(const Json& config) {
  std::vector<RestEndpoint> endpoints;
  MR_ASSIGN_OR_RETURN(const auto nodes, RestNode(config, "", config).Groups("endpoints"));
  for (const RestNode& node : nodes) {
    RestEndpoint& endpoint = endpoints.emplace_back();
    endpoint.path = node.path();
    MR_ASSIGN_OR_RETURN(endpoint.name, node.NeededText("name"));
    MR_ASSIGN_OR_RETURN(endpoint.request, node.Choice("http_method", {"GET", "POST"}));
    MR_ASSIGN_OR_RETURN(const std::string path, node.NeededText("path"));
    endpoint.request += " " + path;
    MR_ASSIGN_OR_RETURN(endpoint.record_path, node.Steps("record_path"));
    MR_ASSIGN_OR_RETURN(endpoint.columns, node.Names("primary_key"));
    if (node.Has("incremental")) {
      MR_ASSIGN_OR_RETURN(const RestNode incremental, node.Group("incremental"));
      MR_ASSIGN_OR_RETURN(endpoint.columns.emplace_back(), incremental.NeededText("cursor_field"));
    }
    if (node.Has("parent")) {
      MR_ASSIGN_OR_RETURN(const RestNode parent, node.Group("parent"));
      MR_ASSIGN_OR_RETURN(endpoint.columns.emplace_back(), parent.Text("as", "parent_id"));
      endpoint.is_child = true;
    }
    if (const Json* schema = node.Find("schema")) endpoint.schema = *schema;
  }
  return endpoints;
}

}  // namespace millrace
