#include "declarative/requests/authenticator.h"

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_path.h"
#include "declarative/requests/authenticator_makers.h"

namespace millrace {
namespace {

class NoAuthenticator final : public Authenticator {
 public:
  Result<PyValue> Header(std::stop_token) override { return PyValue(PyDict()); }
  Result<std::string> Token(std::stop_token) override { return std::string(); }
};

Result<std::unique_ptr<Authenticator>> MakeNoAuth(const Component&, const EngineEnvironment&,
                                                  const AuthenticatorOwner&) {
  return MakeNoAuthenticator();
}

/// The one of several that a field of the configuration names.
Result<std::unique_ptr<Authenticator>> MakeSelected(const Component& component,
                                                    const EngineEnvironment& environment,
                                                    const AuthenticatorOwner& owner) {
  MR_ASSIGN_OR_RETURN(const auto path, component.TextList("authenticator_selection_path"));
  const auto selected = PyPath(path).Get(environment.config);
  if (!selected.ok()) {
    return PyError("ValueError",
                   "The path from `authenticator_selection_path` is not found in the config.");
  }
  MR_ASSIGN_OR_RETURN(const Component all, component.Child("authenticators"));
  const std::string name = PyStr(*selected);
  if (!all.Has(name)) {
    return PyError("ValueError", "The authenticator `" + name + "` is not found.");
  }
  MR_ASSIGN_OR_RETURN(const Component chosen, all.Child(name));
  return MakeAuthenticator(chosen, environment, owner);
}

struct MakerName {
  std::string_view type;
  AuthenticatorMaker make;
};

constexpr MakerName kMakers[] = {
    {"NoAuth", MakeNoAuth},
    {"ApiKeyAuthenticator", MakeApiKeyAuthenticator},
    {"BearerAuthenticator", MakeBearerAuthenticator},
    {"BasicHttpAuthenticator", MakeBasicAuthenticator},
    {"OAuthAuthenticator", MakeOauthAuthenticator},
    {"JwtAuthenticator", MakeJwtAuthenticator},
    {"SessionTokenAuthenticator", MakeSessionTokenAuthenticator},
    {"LegacySessionTokenAuthenticator", MakeLegacySessionTokenAuthenticator},
    {"SelectiveAuthenticator", MakeSelected},
    {"RateLimitedMultipleTokenAuthenticator", MakeRotatingTokenAuthenticator},
};

}  // namespace

Status Authenticator::Sign(ApiRequest* request, std::stop_token stop) {
  MR_ASSIGN_OR_RETURN(const PyValue header, Header(std::move(stop)));
  if (!header.is_dict()) return Status::Ok();
  for (const auto& [name, value] : header.dict()) request->SetHeader(PyStr(name), PyStr(value));
  return Status::Ok();
}

Result<std::unique_ptr<Authenticator>> MakeAuthenticator(const Component& component,
                                                         const EngineEnvironment& environment,
                                                         const AuthenticatorOwner& owner) {
  for (const MakerName& maker : kMakers) {
    if (maker.type == component.type()) return maker.make(component, environment, owner);
  }
  return component.UnknownType("authenticator");
}

std::unique_ptr<Authenticator> MakeNoAuthenticator() { return std::make_unique<NoAuthenticator>(); }

}  // namespace millrace
