#include "external/connector_tasks.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "external/message_lines.h"
#include "external/trace_error.h"

namespace millrace {
namespace {

/// An answer to spec, check or discover takes a network's time, not a night's.
constexpr std::chrono::minutes kAnswerStall(10);

/// Each change is stored, and each secret in it is looked for in every log line from then on.
Status CheckChange(const Json& config, int number) {
  constexpr int kChangesMax = 1000;
  constexpr size_t kConfigBytesMax = 1 << 20;
  if (number > kChangesMax) {
    return SystemError("the connector changed its configuration more than {} times in one sync",
                       kChangesMax);
  }
  if (config.dump(-1, ' ', false, Json::error_handler_t::replace).size() > kConfigBytesMax) {
    return SystemError("the connector changed its configuration to one of more than {} MB",
                       kConfigBytesMax >> 20);
  }
  return Status::Ok();
}

}  // namespace

ConnectorFile ConnectorTasks::ConfigFile() const {
  const std::lock_guard lock(mutex_);
  return {"--config", config_};
}

ConnectorWords::KeepConfig ConnectorTasks::ConfigKeeper() const {
  return [this](const Json& config) {
    {
      const std::lock_guard lock(mutex_);
      if (config == *config_) return Status::Ok();
      MR_RETURN_IF_ERROR(CheckChange(config, ++config_changes_));
      config_ = JsonValue(config);
    }
    if (connector_.keep_config) return connector_.keep_config(config);
    Log(LogLevel::kWarn,
        "the connector changed its configuration (a new token, perhaps); it is not kept beyond "
        "this run");
    return Status::Ok();
  };
}

Result<JsonValue> ConnectorTasks::Ask(const std::string& task, const std::string& answer,
                                      const char* key,
                                      const std::vector<ConnectorFile>& files) const {
  ConnectorCommand command = connector_.command;
  command.stall = std::min<std::chrono::milliseconds>(command.stall, kAnswerStall);
  MR_ASSIGN_OR_RETURN(const auto run, ConnectorRun::Start(command, task, files));
  ConnectorWords words(ConfigKeeper());
  MessageLines lines(words, kLineBytesMax);
  Status read = run->Read([&](std::string_view chunk) { return lines.Take(chunk); }, {});
  if (read.ok()) read = lines.End();
  if (!read.ok()) return Status::Failed(words.FailureOf(read, run->exit())).WithContext(task);
  const Json* const message = words.Answer(answer);
  // An answer counts although the program failed afterwards, unless it told an error.
  if (message == nullptr || words.error()) {
    return Status::Failed(words.FailureOf(run->exit())).WithContext(task);
  }
  const Json value = message->value(key, Json());
  if (!value.is_object()) return SystemError("{}: {} holds no object \"{}\"", task, answer, key);
  return JsonValue(value);
}

Status ConnectorTasks::Prepare() {
  if (prepared_) return Status::Ok();
  if (connector_.specification) {
    spec_ = *connector_.specification;
  } else {
    MR_ASSIGN_OR_RETURN(spec_, Ask("spec", "SPEC", "spec", {}));
  }
  const Json specification = spec_->value("connectionSpecification", Json());
  if (!specification.is_object()) {
    return SystemError("spec: the specification has no object connectionSpecification");
  }
  Json config = *ConfigFile().content;
  MR_RETURN_IF_ERROR(connector_.fit_config(specification, &config));
  const std::lock_guard lock(mutex_);
  config_ = JsonValue(std::move(config));
  prepared_ = true;
  return Status::Ok();
}

Status ConnectorTasks::Check() {
  MR_ASSIGN_OR_RETURN(const JsonValue answer,
                      Ask("check", "CONNECTION_STATUS", "connectionStatus", {ConfigFile()}));
  if (answer->value("status", Json()) == Json("SUCCEEDED")) return Status::Ok();
  const Json why = answer->value("message", Json());
  return ConfigError("{}", why.is_string() ? WordsOf(why.get<std::string>())
                                           : "the connector's check failed; it did not say why");
}

}  // namespace millrace
