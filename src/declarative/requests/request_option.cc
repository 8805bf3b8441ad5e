#include "declarative/requests/request_option.h"

#include "declarative/jinja/py_error.h"

namespace millrace {
namespace {

struct PlaceName {
  std::string_view name;
  RequestOption::Place place;
};

constexpr PlaceName kPlaceNames[] = {{"request_parameter", RequestOption::Place::kParameter},
                                     {"header", RequestOption::Place::kHeader},
                                     {"body_data", RequestOption::Place::kBodyData},
                                     {"body_json", RequestOption::Place::kBodyJson}};

PyValue* Member(RequestOptions* options, RequestOption::Place place) {
  switch (place) {
    case RequestOption::Place::kParameter:
      return &options->params;
    case RequestOption::Place::kHeader:
      return &options->headers;
    case RequestOption::Place::kBodyData:
      return &options->body_data;
    case RequestOption::Place::kBodyJson:
      break;
  }
  return &options->body_json;
}

}  // namespace

Result<RequestOption> RequestOption::Make(const Component& component) {
  RequestOption option;
  MR_ASSIGN_OR_RETURN(const std::string place, component.Text("inject_into"));
  const PlaceName* found = nullptr;
  for (const PlaceName& known : kPlaceNames) {
    if (known.name == place) found = &known;
  }
  if (found == nullptr) {
    return component.FieldError("inject_into",
                                "expected request_parameter, header, body_data or body_json");
  }
  option.place_ = found->place;
  MR_ASSIGN_OR_RETURN(const std::string name, component.TextOr("field_name", ""));
  MR_ASSIGN_OR_RETURN(const std::vector<std::string> path, component.TextList("field_path"));
  if (name.empty() == path.empty()) {
    return component.Error("exactly one of field_name and field_path is needed");
  }
  if (!path.empty() && option.place_ != Place::kBodyJson) {
    return component.FieldError("field_path", "only a JSON body (body_json) has paths");
  }
  if (!name.empty()) option.path_.emplace_back(name, component.parameters());
  for (const std::string& segment : path)
    option.path_.emplace_back(segment, component.parameters());
  return option;
}

RequestOption RequestOption::Header(std::string_view name, const PyValue& parameters) {
  RequestOption option;
  option.path_.emplace_back(std::string(name), parameters);
  return option;
}

Status RequestOption::Inject(PyValue value, const InterpolationContext& context,
                             RequestOptions* options) const {
  PyValue* member = Member(options, place_);
  if (!member->is_dict()) *member = PyValue(PyDict());
  PyValue current = *member;
  for (size_t i = 0; i < path_.size(); ++i) {
    MR_ASSIGN_OR_RETURN(const std::string key, path_[i].EvaluateText(context));
    PyDict& dict = current.mutable_dict();
    if (i + 1 == path_.size()) {
      dict.Set(std::string_view(key), std::move(value));
      break;
    }
    if (!dict.Contains(key)) dict.Set(std::string_view(key), PyValue(PyDict()));
    const PyValue next = *dict.Find(key);
    if (!next.is_dict()) {
      return PyError("TypeError", "'" + key + "' in the request's body holds no object");
    }
    current = next;
  }
  return Status::Ok();
}

}  // namespace millrace
