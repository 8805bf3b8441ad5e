#include "declarative/requests/own_options.h"

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"

namespace millrace {
namespace {

/// Comes to nothing: what an empty result stays.
constexpr const char* kNothing = "{{ '' }}";

/// The field, or an empty dict when nothing is in it.
PyValue FieldOrEmpty(const Component& component, std::string_view name) {
  const PyValue* field = component.Field(name);
  return field != nullptr && PyTruthy(*field) ? *field : PyValue(PyDict());
}

/// Which key of the parameters holds a QueryProperties component, and the parameters without it.
PyValue WithoutQueryProperties(const PyValue& params) {
  if (!params.is_dict()) return params;
  PyDict kept;
  for (const auto& [name, value] : params.dict()) {
    const PyValue* type = value.Find("type");
    const bool component = type != nullptr && type->is_str() && type->str() == "QueryProperties";
    if (!component) kept.Set(name, value);
  }
  return kept;
}

PyValue WithoutNones(const PyValue& value) {
  if (!value.is_dict()) return value;
  PyDict kept;
  for (const auto& [name, member] : value.dict()) {
    if (!member.is_none()) kept.Append(name, member);
  }
  return kept;
}

/// What a GraphQL body sends: its fields, but for the component's own.
PyValue GraphQlBody(const PyValue& value) {
  if (!value.is_dict()) return value;
  PyDict body;
  for (const auto& [name, member] : value.dict()) {
    if (name.is_str() && (name.str() == "type" || name.str() == "$parameters")) continue;
    if (!member.is_none()) body.Append(name, member);
  }
  return body;
}

}  // namespace

OwnOptions::Input::Input(const PyValue& input, const PyValue& parameters) {
  is_text_ = input.is_str();
  if (is_text_) {
    text_ = InterpolatedString(input.str(), parameters, kNothing);
  } else {
    mapping_ = InterpolatedMapping(input, parameters);
  }
}

Result<PyValue> OwnOptions::Input::Evaluate(const InterpolationContext& context,
                                            LiteralTypes types) const {
  if (is_text_) {
    MR_ASSIGN_OR_RETURN(const PyValue value, text_.Evaluate(context, types));
    return WithoutNones(value);
  }
  MR_ASSIGN_OR_RETURN(const PyValue value, mapping_.Evaluate(context, types));
  return WithoutNones(value);
}

Result<OwnOptions> OwnOptions::Make(const Component& requester, std::string query_properties_key) {
  OwnOptions options;
  options.query_properties_key_ = std::move(query_properties_key);
  const PyValue& parameters = requester.parameters();
  PyValue data = FieldOrEmpty(requester, "request_body_data");
  PyValue json = FieldOrEmpty(requester, "request_body_json");
  MR_ASSIGN_OR_RETURN(const auto body, requester.ChildIf("request_body"));
  if (body) {
    const PyValue value = FieldOrEmpty(*body, "value");
    if (body->type() == "RequestBodyUrlEncodedForm" || body->type() == "RequestBodyPlainText") {
      data = value;
    } else if (body->type() == "RequestBodyJsonObject") {
      json = value;
    } else if (body->type() == "RequestBodyGraphQL") {
      json = GraphQlBody(value);
    } else {
      return body->UnknownType("request body");
    }
  }
  if (PyTruthy(data) && PyTruthy(json)) {
    return requester.Error("it has both a form or text and a JSON body: leave one out");
  }
  options.params_ =
      Input(WithoutQueryProperties(FieldOrEmpty(requester, "request_parameters")), parameters);
  options.headers_ = Input(FieldOrEmpty(requester, "request_headers"), parameters);
  options.body_data_ = Input(data, parameters);
  options.json_is_text_ = json.is_str();
  if (json.is_str()) {
    options.json_text_ = InterpolatedString(json.str(), parameters, kNothing);
  } else {
    options.json_ = InterpolatedNestedMapping(json, parameters);
  }
  return options;
}

Status OwnOptions::AddQueryProperties(const StreamSlice* slice, PyValue* params) const {
  if (query_properties_key_.empty()) return Status::Ok();
  const PyValue* properties =
      slice == nullptr ? nullptr : slice->extra_fields.Find("query_properties");
  if (properties == nullptr || !properties->is_list()) {
    return PyError("ValueError",
                   "QueryProperties component is defined but stream_partition does not contain "
                   "query_properties. Please contact Airbyte Support");
  }
  std::string joined;
  for (const PyValue& property : properties->items()) {
    if (&property != &properties->items().front()) joined.push_back(',');
    joined += PyStr(property);
  }
  if (!params->is_dict()) *params = PyValue(PyDict());
  params->mutable_dict().Set(std::string_view(query_properties_key_), PyValue(std::move(joined)));
  return Status::Ok();
}

Result<RequestOptions> OwnOptions::Evaluate(const InterpolationContext& context,
                                            const StreamSlice* slice) const {
  RequestOptions options;
  MR_ASSIGN_OR_RETURN(options.headers, headers_.Evaluate(context, LiteralTypes::kAny));
  MR_ASSIGN_OR_RETURN(options.params, params_.Evaluate(context, LiteralTypes::kStrOrList));
  // Text that comes to no mapping adds nothing to the query.
  if (!options.params.is_dict()) options.params = PyValue(PyDict());
  MR_RETURN_IF_ERROR(AddQueryProperties(slice, &options.params));
  if (json_is_text_) {
    MR_ASSIGN_OR_RETURN(options.body_json, json_text_.Evaluate(context));
  } else {
    MR_ASSIGN_OR_RETURN(options.body_json, json_.Evaluate(context));
  }
  MR_ASSIGN_OR_RETURN(options.body_data, body_data_.Evaluate(context, LiteralTypes::kStrOrList));
  if (!PyTruthy(options.body_data)) options.body_data = PyValue(PyDict());
  return options;
}

}  // namespace millrace
