#include "declarative/manifest/manifest_spec.h"

#include <span>
#include <string>
#include <utility>

#include "declarative/jinja/py_operators.h"

namespace millrace {
namespace {

/// How a member of the message is made from the manifest's.
enum class SpecMember {
  kPlain,     ///< as it is
  kMapping,   ///< a dict: without its nulls, keys as text
  kMappings,  ///< a list of such dicts
  kBounds,    ///< min and max
};

struct MemberRule {
  std::string_view name;
  SpecMember kind = SpecMember::kPlain;
};

// The protocol's members, in its order; a manifest's others are dropped.
constexpr MemberRule kConnectorInput[] = {
    {"consent_url"},
    {"access_token_url"},
    {"scope"},
    {"scopes", SpecMember::kMappings},
    {"optional_scopes", SpecMember::kMappings},
    {"scopes_join_strategy"},
    {"access_token_headers", SpecMember::kMapping},
    {"access_token_params", SpecMember::kMapping},
    {"extract_output"},
    {"state", SpecMember::kBounds},
    {"client_id_key"},
    {"client_secret_key"},
    {"scope_key"},
    {"state_key"},
    {"auth_code_key"},
    {"redirect_uri_key"},
    {"token_expiry_key"},
};
constexpr MemberRule kBounds[] = {{"min"}, {"max"}};

PyValue WithoutNulls(const PyValue& value) {
  if (!value.is_dict()) return value;
  PyDict kept;
  for (const auto& [key, member] : value.dict()) {
    if (!member.is_none()) kept.Set(key.is_str() ? key : PyValue(PyStr(key)), member);
  }
  return PyValue(std::move(kept));
}

PyValue Members(const PyValue& source, std::span<const MemberRule> rules);

PyValue MakeMember(const PyValue& value,
                   SpecMember kind) {  // NOLINT(misc-no-recursion): two levels
  if (kind == SpecMember::kMapping) return WithoutNulls(value);
  if (kind == SpecMember::kBounds) return Members(value, kBounds);
  if (kind == SpecMember::kMappings && value.is_list()) {
    PyList items;
    for (const PyValue& item : value.items()) items.push_back(WithoutNulls(item));
    return PyValue::List(std::move(items));
  }
  // Whole numbers may be written as 5.0.
  return value.is_float() ? PyIntFromFloat(value.as_float()) : value;
}

PyValue Members(const PyValue& source, std::span<const MemberRule> rules) {  // NOLINT
  PyDict made;
  for (const MemberRule& rule : rules) {
    const PyValue* value = source.Find(rule.name);
    if (value == nullptr || value->is_none()) continue;
    made.Set(rule.name, MakeMember(*value, rule.kind));
  }
  return PyValue(std::move(made));
}

PyValue OauthSpecification(const PyValue& source) {
  PyDict made;
  const auto copy = [&](std::string_view name) {
    const PyValue* blob = source.Find(name);
    if (blob != nullptr && !blob->is_none()) made.Set(name, WithoutNulls(*blob));
  };
  copy("oauth_user_input_from_connector_config_specification");
  const PyValue* input = source.Find("oauth_connector_input_specification");
  if (input != nullptr && input->is_dict()) {
    PyDict filled = input->dict();
    if (input->Find("scopes_join_strategy") == nullptr) filled.Set("scopes_join_strategy", "space");
    made.Set("oauth_connector_input_specification",
             Members(PyValue(std::move(filled)), kConnectorInput));
  }
  copy("complete_oauth_output_specification");
  copy("complete_oauth_server_input_specification");
  copy("complete_oauth_server_output_specification");
  return PyValue(std::move(made));
}

Result<PyValue> AdvancedAuth(const Component& auth) {
  if (!auth.Has("auth_flow_type")) {
    return SystemError("{}", auth.FieldError("auth_flow_type", "is missing").ToString());
  }
  PyDict made;
  for (const std::string_view name : {"auth_flow_type", "predicate_key", "predicate_value"}) {
    if (const PyValue* value = auth.Field(name)) made.Set(name, *value);
  }
  if (const PyValue* oauth = auth.Field("oauth_config_specification")) {
    made.Set("oauth_config_specification", OauthSpecification(*oauth));
  }
  return PyValue(std::move(made));
}

}  // namespace

Result<PyValue> ManifestSpecification(const Manifest& manifest) {
  const Component root = manifest.root();
  if (!root.Has("spec")) {
    return SystemError(
        "{}", root.FieldError("spec", "is missing: there is no specification").error().message);
  }
  MR_ASSIGN_OR_RETURN(const Component spec, root.Child("spec"));
  PyDict made;
  const PyValue* connection = spec.Field("connection_specification");
  made.Set("connectionSpecification",
           connection == nullptr ? PyValue(PyDict()) : WithoutNulls(*connection));
  if (const PyValue* url = spec.Field("documentation_url"); url != nullptr && PyTruthy(*url)) {
    made.Set("documentationUrl", *url);
  }
  made.Set("supportsNormalization", false);
  made.Set("supportsDBT", false);
  if (spec.Has("advanced_auth")) {
    MR_ASSIGN_OR_RETURN(const Component auth, spec.Child("advanced_auth"));
    MR_ASSIGN_OR_RETURN(PyValue advanced, AdvancedAuth(auth));
    made.Set("advanced_auth", std::move(advanced));
  }
  return PyValue(std::move(made));
}

}  // namespace millrace
