#include "declarative/jinja/py_operators.h"
#include "declarative/requests/authenticator_makers.h"
#include "declarative/requests/base64_text.h"
#include "declarative/requests/token_provider.h"

namespace millrace {
namespace {

class TemplateToken final : public TokenProvider {
 public:
  TemplateToken(InterpolatedString token, const EngineEnvironment& environment)
      : token_(std::move(token)), environment_(environment) {}
  Result<std::string> Token(std::stop_token) override {
    const InterpolationContext context(*environment_.clock, environment_.config);
    return token_.EvaluateText(context);
  }

 private:
  const InterpolatedString token_;
  const EngineEnvironment& environment_;
};

class KeyAuthenticator final : public Authenticator {
 public:
  KeyAuthenticator(std::unique_ptr<TokenProvider> provider, RequestOption option,
                   const EngineEnvironment& environment)
      : provider_(std::move(provider)), option_(std::move(option)), environment_(environment) {}

  Result<PyValue> Header(std::stop_token stop) override {
    if (option_.place() != RequestOption::Place::kHeader) return PyValue(PyDict());
    MR_RETURN_IF_ERROR(provider_->Token(stop).status());
    MR_RETURN_IF_ERROR(provider_->Token(stop).status());
    MR_ASSIGN_OR_RETURN(const RequestOptions options, Inject(stop));
    return options.headers;
  }
  Result<RequestOptions> Options(std::stop_token stop) override {
    if (option_.place() == RequestOption::Place::kHeader) return RequestOptions{};
    return Inject(stop);
  }
  Result<std::string> Token(std::stop_token stop) override { return provider_->Token(stop); }

 private:
  Result<RequestOptions> Inject(const std::stop_token& stop) {
    MR_ASSIGN_OR_RETURN(std::string token, provider_->Token(stop));
    const InterpolationContext context(*environment_.clock, environment_.config);
    RequestOptions options;
    MR_RETURN_IF_ERROR(option_.Inject(PyValue(std::move(token)), context, &options));
    return options;
  }

  const std::unique_ptr<TokenProvider> provider_;
  const RequestOption option_;
  const EngineEnvironment& environment_;
};

class BearerAuthenticator final : public Authenticator {
 public:
  explicit BearerAuthenticator(std::unique_ptr<TokenProvider> provider)
      : provider_(std::move(provider)) {}
  Result<PyValue> Header(std::stop_token stop) override {
    MR_ASSIGN_OR_RETURN(std::string token, Token(stop));
    return PyValue(PyDict({{"Authorization", PyValue(std::move(token))}}));
  }
  Result<std::string> Token(std::stop_token stop) override {
    MR_ASSIGN_OR_RETURN(const std::string token, provider_->Token(stop));
    return "Bearer " + token;
  }

 private:
  const std::unique_ptr<TokenProvider> provider_;
};

class BasicAuthenticator final : public Authenticator {
 public:
  explicit BasicAuthenticator(const EngineEnvironment& environment) : environment_(environment) {}
  Result<PyValue> Header(std::stop_token stop) override {
    MR_ASSIGN_OR_RETURN(std::string token, Token(stop));
    return PyValue(PyDict({{"Authorization", PyValue(std::move(token))}}));
  }
  Result<std::string> Token(std::stop_token) override {
    const InterpolationContext context(*environment_.clock, environment_.config);
    MR_ASSIGN_OR_RETURN(const std::string name, username.EvaluateText(context));
    MR_ASSIGN_OR_RETURN(const std::string secret, password.EvaluateText(context));
    return "Basic " + EncodeBase64(name + ":" + secret);
  }

  InterpolatedString username, password;

 private:
  const EngineEnvironment& environment_;
};

}  // namespace

std::unique_ptr<TokenProvider> MakeTemplateToken(InterpolatedString token,
                                                 const EngineEnvironment& environment) {
  return std::make_unique<TemplateToken>(std::move(token), environment);
}

std::unique_ptr<Authenticator> MakeKeyAuthenticator(std::unique_ptr<TokenProvider> provider,
                                                    RequestOption option,
                                                    const EngineEnvironment& environment) {
  return std::make_unique<KeyAuthenticator>(std::move(provider), std::move(option), environment);
}

std::unique_ptr<Authenticator> MakeBearerOf(std::unique_ptr<TokenProvider> provider) {
  return std::make_unique<BearerAuthenticator>(std::move(provider));
}

Result<std::unique_ptr<Authenticator>> MakeApiKeyAuthenticator(const Component& component,
                                                               const EngineEnvironment& environment,
                                                               const AuthenticatorOwner&) {
  MR_ASSIGN_OR_RETURN(InterpolatedString token, component.Template("api_token"));
  MR_ASSIGN_OR_RETURN(const auto inject_into, component.ChildIf("inject_into"));
  MR_ASSIGN_OR_RETURN(const std::string header, component.TextOr("header", ""));
  if (inject_into.has_value() != header.empty()) {
    return component.Error("exactly one of inject_into and header is needed");
  }
  RequestOption option = RequestOption::Header(header, component.parameters());
  if (inject_into) {
    MR_ASSIGN_OR_RETURN(option, RequestOption::Make(*inject_into));
  }
  return MakeKeyAuthenticator(MakeTemplateToken(std::move(token), environment), std::move(option),
                              environment);
}

Result<std::unique_ptr<Authenticator>> MakeBearerAuthenticator(const Component& component,
                                                               const EngineEnvironment& environment,
                                                               const AuthenticatorOwner&) {
  MR_ASSIGN_OR_RETURN(InterpolatedString token, component.Template("api_token"));
  return MakeBearerOf(MakeTemplateToken(std::move(token), environment));
}

Result<std::unique_ptr<Authenticator>> MakeBasicAuthenticator(const Component& component,
                                                              const EngineEnvironment& environment,
                                                              const AuthenticatorOwner&) {
  auto authenticator = std::make_unique<BasicAuthenticator>(environment);
  MR_ASSIGN_OR_RETURN(authenticator->username, component.Template("username"));
  MR_ASSIGN_OR_RETURN(authenticator->password, component.Template("password"));
  return std::unique_ptr<Authenticator>(std::move(authenticator));
}

}  // namespace millrace
