#include "declarative/requests/prepared_request.h"

#include <cctype>
#include <cmath>
#include <vector>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_json.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/requests/python_url.h"
#include "declarative/requests/query_encoding.h"

namespace millrace {
namespace {

/// Without those that stand in the URL with the same value.
PyValue WithoutRepeats(std::string_view url, const PyValue& params) {
  if (!params.is_dict()) return params;
  PyDict in_url;
  for (auto& [name, value] : ParseQuery(UrlSplit(url).query)) {
    if (!in_url.Contains(name)) in_url.Set(std::string_view(name), PyValue(std::move(value)));
  }
  PyDict rest;
  for (const auto& [name, value] : params.dict()) {
    const PyValue* there = std::as_const(in_url).Find(name);
    if (there == nullptr || PyStr(*there) != PyStr(value)) rest.Set(name, value);
  }
  return rest;
}

Status CheckParams(const PyValue& params) {
  if (params.is_str()) return PyError("ValueError", "Request params cannot be a string");
  if (!params.is_dict()) return Status::Ok();
  for (const auto& [name, value] : params.dict()) {
    if (!value.is_dict()) continue;
    return PyError("ValueError", "Invalid value for `" + PyStr(name) +
                                     "` parameter. The values of request params cannot be an "
                                     "object.");
  }
  return Status::Ok();
}

/// What requests refuses to send.
Status CheckHeader(const std::string& name, const std::string& value) {
  const auto is_space = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
  const bool bad_name =
      name.empty() || is_space(name[0]) || name.find_first_of(":\r\n") != std::string::npos;
  const bool bad_value =
      !value.empty() && (is_space(value[0]) || value.find_first_of("\r\n") != std::string::npos);
  if (!bad_name && !bad_value) return Status::Ok();
  return PyError("InvalidHeader",
                 "Invalid leading whitespace, reserved character(s), or return character(s) in "
                 "header " +
                     (bad_name ? "name: " + PyRepr(PyValue(name)) : "value of " + name));
}

Status SetHeaders(const PyValue& headers, ApiRequest* request) {
  if (headers.is_str()) return PyError("ValueError", "Request headers cannot be a string");
  if (!headers.is_dict()) return Status::Ok();
  for (const auto& [key, value] : headers.dict()) {
    const std::string name = PyStr(key);
    std::string text = PyStr(value);
    MR_RETURN_IF_ERROR(CheckHeader(name, text));
    request->SetHeader(name, std::move(text));
  }
  return Status::Ok();
}

/// Whether NaN or an infinity is in it: JSON has no word for them.
bool HasUnprintableFloat(const PyValue& value, int depth) {
  if (value.is_float()) return !std::isfinite(value.as_float());
  if (depth > kPyDepthMax) return false;
  if (value.is_list() || value.is_tuple()) {
    for (const PyValue& item : value.items()) {
      if (HasUnprintableFloat(item, depth + 1)) return true;
    }
  } else if (value.is_dict()) {
    for (const auto& [key, member] : value.dict()) {
      if (HasUnprintableFloat(member, depth + 1)) return true;
    }
  }
  return false;
}

Status SetBody(const RequestOptions& options, ApiRequest* request) {
  if (options.body_json.is_str()) {
    return PyError("ValueError", "Request body json cannot be a string");
  }
  const bool json = PyTruthy(options.body_json);
  const bool data = PyTruthy(options.body_data);
  const std::string& method = request->method;
  if (method != "GET" && method != "POST" && method != "PUT" && method != "PATCH") {
    return Status::Ok();
  }
  if (json && data) {
    return PyError("RequestBodyException",
                   "At the same time only one of the 'request_body_data' and 'request_body_json' "
                   "functions can return data");
  }
  const char* type = nullptr;
  if (json) {
    if (HasUnprintableFloat(options.body_json, 0)) {
      return PyError("InvalidJSONError", "Out of range float values are not JSON compliant");
    }
    MR_RETURN_IF_ERROR(AppendPyJson(options.body_json, PyJsonStyle{}, &request->body));
    type = "application/json";
  } else if (data && options.body_data.is_str()) {
    request->body = options.body_data.str();
  } else if (data) {
    MR_ASSIGN_OR_RETURN(request->body, EncodeQuery(options.body_data));
    type = "application/x-www-form-urlencoded";
  }
  request->has_body = !request->body.empty();
  if (type != nullptr && request->Header("content-type").empty()) {
    request->SetHeader("Content-Type", type);
  }
  return Status::Ok();
}

}  // namespace

Result<ApiRequest> PrepareRequest(std::string_view method, std::string_view url,
                                  const RequestOptions& options) {
  ApiRequest request;
  request.method = method;
  MR_RETURN_IF_ERROR(CheckParams(options.params));
  MR_ASSIGN_OR_RETURN(const std::string query, EncodeQuery(WithoutRepeats(url, options.params)));
  MR_ASSIGN_OR_RETURN(request.url, PrepareUrl(url, query));
  MR_RETURN_IF_ERROR(SetHeaders(options.headers, &request));
  MR_RETURN_IF_ERROR(SetBody(options, &request));
  return request;
}

}  // namespace millrace
