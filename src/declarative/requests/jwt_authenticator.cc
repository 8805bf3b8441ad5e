#include <chrono>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_json.h"
#include "declarative/jinja/py_opaque.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/requests/authenticator_makers.h"
#include "declarative/requests/base64_text.h"
#include "declarative/requests/jwt_signature.h"
#include "declarative/requests/request_option.h"

namespace millrace {
namespace {

Status CannotSign(const std::string& why) {
  return PyError("ValueError", "Failed to sign token: " + why);
}

Result<PyValue> JsonLoads(EvaluationBudget&, const PyArguments& arguments) {
  const PyValue* text = arguments.Get(0, "s");
  if (text == nullptr || !text->is_str()) {
    return PyError("TypeError", "the JSON object must be str, bytes or bytearray");
  }
  return ParsePyJson(std::string_view(text->str()), PyJsonDialect::kPython);
}

/// A claim or header that may be there: its name and template.
struct Claim {
  std::string_view name;
  InterpolatedString value;
};

/// A token that is signed anew for each request.
class JwtAuthenticator final : public Authenticator {
 public:
  explicit JwtAuthenticator(const EngineEnvironment& environment)
      : json_loads_(PyFunctionValue(JsonLoads, "loads")), environment_(environment) {}

  Result<PyValue> Header(std::stop_token stop) override {
    if (option.place() != RequestOption::Place::kHeader) return PyValue(PyDict());
    MR_ASSIGN_OR_RETURN(const RequestOptions options, Inject(std::move(stop)));
    return options.headers;
  }
  Result<RequestOptions> Options(std::stop_token stop) override {
    if (option.place() == RequestOption::Place::kHeader) return RequestOptions{};
    return Inject(std::move(stop));
  }
  Result<std::string> Token(std::stop_token) override {
    const InterpolationContext context = Context();
    MR_ASSIGN_OR_RETURN(const std::string token, SignedToken(context));
    if (header_prefix.empty()) return token;
    MR_ASSIGN_OR_RETURN(const PyValue prefix, header_prefix.Evaluate(context));
    return PyTruthy(prefix) ? PyStr(prefix) + " " + token : token;
  }

  std::string algorithm;
  InterpolatedString secret_key, header_prefix, passphrase;
  bool encode_secret_key = false;
  std::optional<int64_t> duration_s;
  std::vector<Claim> headers, claims;
  InterpolatedMapping more_headers, more_claims;
  RequestOption option = RequestOption::Header("Authorization", PyValue(PyDict()));

 private:
  InterpolationContext Context() const {
    InterpolationContext context(*environment_.clock, environment_.config);
    context.Set("json_loads", json_loads_);
    return context;
  }

  Result<RequestOptions> Inject(std::stop_token stop) {
    MR_ASSIGN_OR_RETURN(std::string token, Token(std::move(stop)));
    RequestOptions options;
    MR_RETURN_IF_ERROR(option.Inject(PyValue(std::move(token)), Context(), &options));
    return options;
  }

  /// `more` and then `named`; the reserved ones may not stand in `more`.
  Result<PyDict> Collect(const InterpolatedMapping& more, const std::vector<Claim>& named,
                         std::initializer_list<std::string_view> reserved,
                         const InterpolationContext& context) const {
    MR_ASSIGN_OR_RETURN(const PyValue additional, more.Evaluate(context));
    PyDict all;
    if (additional.is_dict()) all = additional.dict();
    for (const std::string_view name : reserved) {
      if (!all.Contains(name)) continue;
      return CannotSign("'" + std::string(name) + "' is reserved and can't be set as an addition");
    }
    for (const Claim& claim : named) {
      MR_ASSIGN_OR_RETURN(PyValue value, claim.value.Evaluate(context));
      all.Set(claim.name, std::move(value));
    }
    return all;
  }

  Result<PyDict> TokenHeader(const InterpolationContext& context) const {
    MR_ASSIGN_OR_RETURN(const PyDict given,
                        Collect(more_headers, headers, {"kid", "alg", "typ", "cty"}, context));
    PyDict header = {{"typ", "JWT"}, {"alg", PyValue(algorithm)}};
    for (const auto& [name, value] : given) header.Set(name, value);
    const PyValue* kid = std::as_const(header).Find(std::string_view("kid"));
    if (kid != nullptr && !kid->is_str()) {
      return CannotSign("Key ID header parameter must be a string");
    }
    if (!PyTruthy(*std::as_const(header).Find(std::string_view("typ"))))
      header.Erase(std::string_view("typ"));
    return header;
  }

  Result<PyDict> Payload(const InterpolationContext& context) const {
    const int64_t now = std::chrono::duration_cast<std::chrono::seconds>(
                            environment_.clock->WallNow().time_since_epoch())
                            .count();
    MR_ASSIGN_OR_RETURN(
        PyDict payload,
        Collect(more_claims, claims, {"iss", "sub", "aud", "iat", "exp", "nbf"}, context));
    const PyValue* issuer = std::as_const(payload).Find(std::string_view("iss"));
    if (issuer != nullptr && !issuer->is_str()) {
      return CannotSign("Issuer (iss) must be a string.");
    }
    payload.Set("iat", now);
    payload.Set("exp", now + duration_s.value_or(0));
    payload.Set("nbf", now);
    return payload;
  }

  Result<std::string> SignedToken(const InterpolationContext& context) const {
    MR_ASSIGN_OR_RETURN(const PyDict payload, Payload(context));
    MR_ASSIGN_OR_RETURN(const PyDict header, TokenHeader(context));
    MR_ASSIGN_OR_RETURN(const PyValue key, secret_key.Evaluate(context));
    MR_ASSIGN_OR_RETURN(const PyValue phrase, passphrase.Evaluate(context));
    if (!key.is_str()) return CannotSign("the secret key is no text");
    const bool opens = PyTruthy(phrase);
    std::string header_text, payload_text;
    MR_RETURN_IF_ERROR(
        AppendPyJson(PyValue(header), {.spaces = false, .sort_keys = true}, &header_text));
    MR_RETURN_IF_ERROR(AppendPyJson(PyValue(payload), kCompactPyJson, &payload_text));
    std::string token = EncodeBase64Url(header_text) + "." + EncodeBase64Url(payload_text);
    const bool encodes = encode_secret_key && !opens;
    auto signature = SignJwt(algorithm, encodes ? EncodeBase64(key.str()) : key.str(),
                             opens ? PyStr(phrase) : "", token);
    if (!signature.ok()) return CannotSign(signature.status().ToString());
    return token + "." + EncodeBase64Url(*signature);
  }

  const PyValue json_loads_;
  const EngineEnvironment& environment_;
};

/// Those of the fields that are there and not empty.
Result<std::vector<Claim>> Claims(const Component& component, std::string_view field,
                                  std::initializer_list<std::string_view> names) {
  std::vector<Claim> claims;
  const PyValue* node = component.Field(field);
  for (const std::string_view name : names) {
    const PyValue* value = node == nullptr ? nullptr : node->Find(name);
    if (value != nullptr && value->is_str() && !value->str().empty()) {
      claims.push_back({name, InterpolatedString(value->str(), component.parameters())});
    }
  }
  return claims;
}

}  // namespace

Result<std::unique_ptr<Authenticator>> MakeJwtAuthenticator(const Component& component,
                                                            const EngineEnvironment& environment,
                                                            const AuthenticatorOwner&) {
  auto jwt = std::make_unique<JwtAuthenticator>(environment);
  const PyValue& parameters = component.parameters();
  MR_ASSIGN_OR_RETURN(jwt->algorithm, component.Text("algorithm"));
  MR_RETURN_IF_ERROR(component.Text("secret_key").status());
  MR_ASSIGN_OR_RETURN(jwt->secret_key, component.Template("secret_key"));
  MR_ASSIGN_OR_RETURN(jwt->header_prefix, component.Template("header_prefix"));
  MR_ASSIGN_OR_RETURN(jwt->passphrase, component.Template("passphrase"));
  // Any text counts as yes, as in Airbyte.
  const PyValue* encode = component.Field("base64_encode_secret_key");
  jwt->encode_secret_key = encode != nullptr && (encode->is_str() || PyTruthy(*encode));
  MR_ASSIGN_OR_RETURN(jwt->duration_s, component.IntOr("token_duration", 1200));
  MR_ASSIGN_OR_RETURN(jwt->headers, Claims(component, "jwt_headers", {"kid", "typ", "cty"}));
  MR_ASSIGN_OR_RETURN(jwt->claims, Claims(component, "jwt_payload", {"iss", "sub", "aud"}));
  const auto mapping = [&](std::string_view name) {
    const PyValue* field = component.Field(name);
    return InterpolatedMapping(field != nullptr ? *field : PyValue(PyDict()), parameters);
  };
  jwt->more_headers = mapping("additional_jwt_headers");
  jwt->more_claims = mapping("additional_jwt_payload");
  MR_ASSIGN_OR_RETURN(const auto option, component.ChildIf("request_option"));
  if (option) {
    MR_ASSIGN_OR_RETURN(jwt->option, RequestOption::Make(*option));
  }
  return std::unique_ptr<Authenticator>(std::move(jwt));
}

}  // namespace millrace
