#include <atomic>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "catalogue/catalogue.h"
#include "catalogue/install/connector_installer.h"
#include "cli/connectors/connectors_actions.h"
#include "cli/connectors/install_display.h"
#include "cli/connectors/listed_connector.h"
#include "cli/connectors/manifest_check.h"
#include "cli/connectors/named_version.h"
#include "cli/console.h"
#include "cli/interrupt_signals.h"
#include "cli/refusal.h"

namespace millrace {
namespace {

Result<InstallRequest> RequestOf(const CommandLine& line) {
  MR_ASSIGN_OR_RETURN(const NamedVersion named, NamedVersionOf(line));
  return InstallRequest{named.name, named.version, line.python, line.from};
}

/// Runs `work` on a thread of its own while this one shows how it goes and hears signals, the first
/// of which stops it.
template <typename T>
Result<T> Interruptible(InstallDisplay& display,
                        const std::function<Result<T>(std::stop_token)>& work) {
  constexpr int kTickMs = 200;
  InterruptSignals signals;
  std::optional<Result<T>> result;
  std::atomic<bool> done = false;
  std::jthread worker([&](const std::stop_token& stop) {
    result = work(stop);
    done = true;
  });
  while (!done) {
    if (signals.WaitFor(kTickMs)) {
      while (signals.Take()) {
      }
      worker.request_stop();
    }
    display.Tick();
  }
  worker.join();
  display.End();
  return *std::move(result);
}

/// Without the specification, which is long: `show` has it.
Json RecordJson(const InstalledConnector& connector) {
  Json json = ToJson(connector);
  json.erase("spec");
  return json;
}

ConnectorInstaller InstallerOf(const CommandLine& line, InstallDisplay& display) {
  return {Catalogue::Embedded(), InstalledConnectorsOf(line), ProcessEnvironment(),
          [&display](std::string_view what, bool detail) { display.Tell(what, detail); },
          CheckManifestFile};
}

/// What a person does with it now.
std::string UseText(const InstalledConnector& connector) {
  const auto entry = Catalogue::Embedded().Find(connector.name);
  const bool built_in = entry.ok() && (*entry)->runs == ConnectorKind::kBuiltIn;
  const std::string short_name = connector.name.substr(connector.name.find('-') + 1);
  return built_in ? fmt::format("type: {0}, version: {1} (type: {0} alone is the built-in one)",
                                short_name, connector.version)
                  : "type: " + short_name;
}

void PrintInstalled(const InstallOutcome& outcome) {
  const InstalledConnector& connector = outcome.connector;
  if (!outcome.passed_over.empty()) {
    Console::PrintWarning(
        fmt::format("{} {} can't be installed by anybody; {} is the newest that can",
                    connector.name, outcome.passed_over, connector.version));
  }
  const std::string by = connector.manifest.empty() ? "Python " + connector.python_version
                                                    : "manifest of " + connector.origin;
  Console::Out(fmt::format("{} {} {} ({})\nto use it: {}\n", connector.name, connector.version,
                           outcome.was_there ? "was installed already" : "is installed", by,
                           UseText(connector)));
}

int FailedOf(const CommandLine& line, const Status& status) {
  return status.canceled() ? kExitInterrupted : Refuse(line, status, kExitFailed);
}

}  // namespace

int InstallConnectorAction(const CommandLine& line) {
  const auto request = RequestOf(line);
  if (!request.ok()) return Refuse(line, request.status(), kExitUsage);
  InstallDisplay display(line.verbose);
  const ConnectorInstaller installer = InstallerOf(line, display);
  const Status known = installer.Check(*request);
  if (!known.ok()) return Refuse(line, known, kExitUsage);
  const auto outcome = Interruptible<InstallOutcome>(
      display, [&](std::stop_token stop) { return installer.Install(*request, std::move(stop)); });
  if (!outcome.ok()) return FailedOf(line, outcome.status());
  if (!line.json) return PrintInstalled(*outcome), kExitDone;
  Json json{{"status", outcome->was_there ? "already installed" : "installed"}};
  json["connector"] = RecordJson(outcome->connector);
  Console::OutJson(json);
  return kExitDone;
}

int RemoveConnectorAction(const CommandLine& line) {
  const auto request = RequestOf(line);
  if (!request.ok()) return Refuse(line, request.status(), kExitUsage);
  if (!InstalledConnectorsOf(line).Find(request->name, request->version)) {
    const Status none =
        ConfigError("{}{}{} is not installed (millrace connectors list --installed)", request->name,
                    request->version.empty() ? "" : " ", request->version);
    return Refuse(line, none, kExitUsage);
  }
  InstallDisplay display(line.verbose);
  const ConnectorInstaller installer = InstallerOf(line, display);
  const auto removed =
      Interruptible<std::vector<InstalledConnector>>(display, [&](std::stop_token stop) {
        return installer.Remove(request->name, request->version, std::move(stop));
      });
  if (!removed.ok()) return FailedOf(line, removed.status());
  Json list = Json::array();
  for (const InstalledConnector& connector : *removed) {
    list.push_back(RecordJson(connector));
    if (!line.json)
      Console::Out(fmt::format("{} {} is removed\n", connector.name, connector.version));
  }
  if (line.json) Console::OutJson({{"status", "removed"}, {"connectors", std::move(list)}});
  return kExitDone;
}

}  // namespace millrace
