#include "declarative/requests/oauth_tokens.h"

#include <mutex>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_path.h"
#include "declarative/requests/api_resources.h"

namespace millrace {
namespace {

/// A moment as configurations and manifests hold one.
Result<FlexibleTime> TimeOf(const PyValue& value) {
  if (const auto time = ParseFlexibleTime(PyStr(value))) return *time;
  return PyError("ValueError", "Invalid token expiry date format: " + PyRepr(value));
}

class MemoryTokens final : public OauthTokens {
 public:
  explicit MemoryTokens(const Clock& clock) : clock_(clock) {}

  std::optional<std::string> access_token() const override {
    std::lock_guard lock(mutex_);
    return token_;
  }
  Result<bool> Expired() const override {
    std::lock_guard lock(mutex_);
    return !token_ || clock_.WallNow() > expires_.when;
  }
  Result<std::optional<FlexibleTime>> UnexpiredDate() const override {
    std::lock_guard lock(mutex_);
    std::optional<FlexibleTime> date;
    if (token_ && clock_.WallNow() <= expires_.when) date = expires_;
    return date;
  }
  Status Set(const std::string& access_token, const std::optional<std::string>&,
             const FlexibleTime& expires) override {
    std::lock_guard lock(mutex_);
    token_ = access_token;
    expires_ = expires;
    return Status::Ok();
  }

  void Begin(std::optional<std::string> token, FlexibleTime expires) {
    token_ = std::move(token);
    expires_ = expires;
  }

 private:
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::optional<std::string> token_;  // guarded by mutex_, as is expires_
  FlexibleTime expires_;
};

class ConfigTokens final : public OauthTokens {
 public:
  ConfigTokens(const EngineEnvironment& environment, ApiResources& resources)
      : environment_(environment), resources_(resources) {}

  std::optional<std::string> access_token() const override {
    std::lock_guard lock(resources_.config_mutex);
    return PyStr(Get(access_path));
  }
  Result<bool> Expired() const override {
    std::lock_guard lock(resources_.config_mutex);
    MR_ASSIGN_OR_RETURN(const FlexibleTime expires, Expiry());
    return environment_.clock->WallNow() > expires.when;
  }
  Result<std::optional<FlexibleTime>> UnexpiredDate() const override {
    std::lock_guard lock(resources_.config_mutex);
    MR_ASSIGN_OR_RETURN(const FlexibleTime expires, Expiry());
    std::optional<FlexibleTime> date;
    if (environment_.clock->WallNow() <= expires.when) date = expires;
    return date;
  }
  Status Set(const std::string& access_token, const std::optional<std::string>& refresh_token,
             const FlexibleTime& expires) override {
    std::lock_guard lock(resources_.config_mutex);
    // What others still print or read stays as it was.
    const PyValue changed = Config().DeepCopy();
    MR_RETURN_IF_ERROR(access_path.SetNew(changed, PyValue(access_token)));
    if (refresh_token) MR_RETURN_IF_ERROR(refresh_path.SetNew(changed, PyValue(*refresh_token)));
    MR_RETURN_IF_ERROR(expiry_path.SetNew(changed, PyValue(expires.ToString())));
    resources_.rotated_config = changed;
    return environment_.messages->ConfigChanged(changed);
  }
  std::optional<PyValue> refresh_token() const override {
    std::lock_guard lock(resources_.config_mutex);
    return Get(refresh_path);
  }
  std::optional<PyValue> credential(std::string_view name) const override {
    std::lock_guard lock(resources_.config_mutex);
    const PyValue none;
    auto value =
        PyPath(std::vector<std::string>{"credentials", std::string(name)}).Get(Config(), none);
    if (!value.ok() || value->is_none()) return std::nullopt;
    return *std::move(value);
  }

  PyPath access_path, refresh_path, expiry_path;

 private:
  // All require resources_.config_mutex.
  const PyValue& Config() const {
    return resources_.rotated_config.is_none() ? environment_.config : resources_.rotated_config;
  }
  PyValue Get(const PyPath& path) const {
    auto value = path.Get(Config(), PyValue(""));
    return value.ok() ? *std::move(value) : PyValue("");
  }
  Result<FlexibleTime> Expiry() const {
    const PyValue date = Get(expiry_path);
    if (date.is_str() && date.str().empty()) return FlexibleTime{WallTime(), 0};
    return TimeOf(date);
  }

  const EngineEnvironment& environment_;
  ApiResources& resources_;
};

Result<PyPath> PathOr(const Component& component, std::string_view field,
                      std::vector<std::string> missing) {
  if (!component.Has(field)) return PyPath(missing);
  MR_ASSIGN_OR_RETURN(const auto path, component.TextList(field));
  return PyPath(path);
}

}  // namespace

Result<std::unique_ptr<OauthTokens>> MakeMemoryTokens(const Component& authenticator,
                                                      const EngineEnvironment& environment) {
  auto tokens = std::make_unique<MemoryTokens>(*environment.clock);
  const InterpolationContext context(*environment.clock, environment.config);
  std::optional<std::string> token;
  MR_ASSIGN_OR_RETURN(const InterpolatedString given, authenticator.Template("access_token_value"));
  if (!given.empty()) {
    MR_ASSIGN_OR_RETURN(const PyValue value, given.Evaluate(context));
    if (!value.is_none()) token = PyStr(value);
  }
  FlexibleTime expires{environment.clock->WallNow() - std::chrono::hours(24), 0};
  MR_ASSIGN_OR_RETURN(const InterpolatedString date, authenticator.Template("token_expiry_date"));
  if (!date.empty()) {
    MR_ASSIGN_OR_RETURN(const PyValue value, date.Evaluate(context));
    MR_ASSIGN_OR_RETURN(expires, TimeOf(value));
  }
  tokens->Begin(std::move(token), expires);
  return std::unique_ptr<OauthTokens>(std::move(tokens));
}

Result<std::unique_ptr<OauthTokens>> MakeConfigTokens(const Component& updater,
                                                      const EngineEnvironment& environment,
                                                      ApiResources& resources) {
  auto tokens = std::make_unique<ConfigTokens>(environment, resources);
  MR_ASSIGN_OR_RETURN(tokens->access_path,
                      PathOr(updater, "access_token_config_path", {"credentials", "access_token"}));
  MR_ASSIGN_OR_RETURN(tokens->refresh_path, PathOr(updater, "refresh_token_config_path",
                                                   {"credentials", "refresh_token"}));
  MR_ASSIGN_OR_RETURN(tokens->expiry_path, PathOr(updater, "token_expiry_date_config_path",
                                                  {"credentials", "token_expiry_date"}));
  return std::unique_ptr<OauthTokens>(std::move(tokens));
}

}  // namespace millrace
