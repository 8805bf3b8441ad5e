// The only file that sees CLI11: its header costs seconds wherever it is included.
#include "cli/command_line.h"

#include <CLI/CLI.hpp>
#include <span>

#include "base/nearest_names.h"
#include "cli/console.h"

namespace millrace {
namespace {

/// Commands of the product that this version doesn't have.
struct LaterCommand {
  const char* name;
  const char* what;
};
constexpr LaterCommand kLaterCommands[] = {
    {"plan", "Show what apply would change on a server"},
    {"apply", "Bring a server to what connection files say"},
    {"export", "Write a server's connections as files"},
};

void AddOutputFlags(CLI::App* app, CommandLine* line) {
  app->add_flag("--json", line->json, "Print one JSON document on standard output, nothing else");
  app->add_flag("-v,--verbose", line->verbose, "Print details of errors, and debug log lines");
}

void AddFile(CLI::App* app, CommandLine* line) {
  app->add_option("FILE", line->file, "The connection file (YAML)")->required();
}

void AddDataDir(CLI::App* app, CommandLine* line) {
  app->add_option("--data-dir", line->data_dir,
                  "Where states live (default: .millrace/ beside FILE)");
}

void AddStreams(CLI::App* app, CommandLine* line) {
  app->add_option("--stream", line->streams, "Only this stream: NAME or NAMESPACE.NAME; repeatable")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

CLI::App* AddCommand(CLI::App* parent, CommandLine* line, const char* name, const char* what) {
  CLI::App* app = parent->add_subcommand(name, what);
  app->callback([line, name] {
    if (line->command.empty()) line->command = name;
  });
  return app;
}

/// An action of `command`, like `state show`.
CLI::App* AddAction(CLI::App* parent, CommandLine* line, const char* name, const char* what) {
  CLI::App* app = parent->add_subcommand(name, what);
  app->callback([line, name] { line->action = name; });
  return app;
}

void AddSyncCommands(CLI::App* root, CommandLine* line) {
  CLI::App* sync = AddCommand(root, line, "sync", "Copy what a connection file describes");
  AddFile(sync, line);
  AddDataDir(sync, line);
  AddStreams(sync, line);
  sync->add_flag("--full-refresh", line->full_refresh,
                 "Start state anew and replace the tables at the end");
  AddOutputFlags(sync, line);
  CLI::App* verify =
      AddCommand(root, line, "verify", "Compare source and destination: counts, keys, checksums");
  AddFile(verify, line);
  AddDataDir(verify, line);
  AddStreams(verify, line);
  AddOutputFlags(verify, line);
  for (const auto& [name, what] : {std::pair("check", "Try out a connection's ends"),
                                   std::pair("discover", "Print what the source can deliver")}) {
    CLI::App* app = AddCommand(root, line, name, what);
    AddFile(app, line);
    AddDataDir(app, line);
    AddOutputFlags(app, line);
    if (std::string_view(name) != "check") continue;
    CLI::Option* source = app->add_flag("--source", line->source_only, "Only the source");
    app->add_flag("--destination", line->destination_only, "Only the destination")
        ->excludes(source);
  }
}

/// What the attempts of a server or worker may touch and use.
void AddAttemptOptions(CLI::App* app, CommandLine* line) {
  app->add_option("--files-dir", line->files_dir,
                  "Where local files of sources and destinations lie (default: `files` in the "
                  "data folder)");
  app->add_flag("--allow-link-local", line->allow_link_local,
                "Let connectors reach link-local and cloud metadata addresses");
  app->add_flag("--allow-custom-commands", line->allow_custom_commands,
                "Run the programs and containers that custom connector definitions name");
  app->add_option("--config", line->config_file,
                  "A YAML file with `resources:` for attempts (default: config.yaml in the data "
                  "folder, if there is one)");
}

/// How the attempts that it runs talk to a server or worker.
void AddAttemptChannel(CLI::App* app, CommandLine* line) {
  app->add_option(
      "--attempt-listen", line->attempt_listen,
      "IP:PORT: its attempts talk to it over HTTPS there, not over a socket of the data "
      "folder; needs --tls-cert and --tls-key");
  app->add_option("--attempt-url", line->attempt_url,
                  "https://NAME:PORT, how they reach it (default: that address)");
  app->add_option("--attempt-ca", line->attempt_ca,
                  "Certificates (PEM) that they trust for it (default: --tls-cert)");
}

void AddServerCommand(CLI::App* root, CommandLine* line) {
  CLI::App* server =
      AddCommand(root, line, "server", "Serve the APIs, run connections on schedule");
  server->add_option("--data-dir", line->data_dir,
                     "Where it keeps everything (default: ~/.millrace)");
  server
      ->add_option("--listen", line->listen,
                   "IP:PORT, repeatable (default: 127.0.0.1:8000 and 127.0.0.1:8001)")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  server
      ->add_option("--public-url", line->public_urls,
                   "https://NAME under which a proxy passes requests on to it, repeatable; needed "
                   "while it listens on loopback only and the proxy keeps the Host")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  server->add_option("--database-url", line->database_url,
                     "postgresql://… for the metadata (default: a file in the data folder)");
  server
      ->add_option("--auth", line->auth,
                   "always: ask for credentials on this machine too (default: not while it listens "
                   "on loopback only)")
      ->check(CLI::IsMember({"always"}));
  server->add_option("--tls-cert", line->tls_certificate, "Serve HTTPS: the certificate (PEM)");
  server->add_option("--tls-key", line->tls_key, "and its key (PEM)");
  AddAttemptOptions(server, line);
  AddAttemptChannel(server, line);
  server->add_option("--log-storage", line->log_storage,
                     "s3://BUCKET/PREFIX for the logs of attempts (default: in the data folder)");
  server->add_option("--log-format", line->log_format, "text or json: this process's own log")
      ->check(CLI::IsMember({"text", "json"}));
  server->add_flag("-v,--verbose", line->verbose, "Print details of errors");
}

void AddWorkerCommand(CLI::App* root, CommandLine* line) {
  CLI::App* worker =
      AddCommand(root, line, "worker", "Run jobs of servers that share a PostgreSQL database");
  worker->add_option("--data-dir", line->data_dir, "A folder of its own (default: ~/.millrace)");
  worker->add_option("--database-url", line->database_url, "postgresql://… of the metadata")
      ->required();
  AddAttemptOptions(worker, line);
  worker->add_option("--log-storage", line->log_storage,
                     "s3://BUCKET/PREFIX for the logs of attempts, the same as the servers'");
  worker->add_option("--tls-cert", line->tls_certificate, "For --attempt-listen (PEM)");
  worker->add_option("--tls-key", line->tls_key, "and its key (PEM)");
  AddAttemptChannel(worker, line);
  worker->add_option("--log-format", line->log_format, "text or json: this process's own log")
      ->check(CLI::IsMember({"text", "json"}));
  worker->add_flag("-v,--verbose", line->verbose, "Print details of errors");
}

/// Commands that work on what a server keeps.
void AddUpkeepCommands(CLI::App* root, CommandLine* line) {
  CLI::App* backup =
      AddCommand(root, line, "backup", "Save what a server keeps, also while it runs");
  CLI::App* restore = AddCommand(root, line, "restore", "Make a server's data folder of a backup");
  CLI::App* secrets = AddCommand(root, line, "secrets", "The key that secrets are sealed with");
  secrets->require_subcommand(1);
  CLI::App* rotate = AddAction(secrets, line, "rotate", "Give a server that doesn't run a new key");
  for (CLI::App* app : {backup, restore}) {
    app->add_option("FILE", line->file, "The backup")->required();
  }
  restore->add_flag("--force", line->force, "Also where a server's data are already");
  for (CLI::App* app : {backup, restore, rotate}) {
    app->add_option("--data-dir", line->data_dir, "The server's folder (default: ~/.millrace)");
    app->add_option("--database-url", line->database_url,
                    "postgresql://… where the metadata are there");
    app->add_flag("-v,--verbose", line->verbose, "Print details of errors");
  }
}

void AddConnectorCommands(CLI::App* root, CommandLine* line) {
  CLI::App* connector = AddCommand(root, line, "connector",
                                   "Run one connector: the Airbyte Protocol on standard in- and "
                                   "output");
  connector->add_option("NAME", line->name, "Airbyte's name of the connector")->required();
  connector->add_option("COMMAND", line->action, "spec, check, discover, read or write")
      ->required()
      ->check(CLI::IsMember({"spec", "check", "discover", "read", "write"}));
  connector->add_option("--config", line->config, "The configuration (JSON)");
  connector->add_option("--catalog", line->catalog, "The configured catalog (JSON)");
  connector->add_option("--state", line->state, "The state to go on from (JSON)");
  connector->add_option("--manifest-path", line->manifest_path, "A low-code manifest");
  connector->add_flag("--debug", line->verbose, "Log more");
}

CLI::App* AddCatalogueAction(CLI::App* connectors, CommandLine* line, const char* name,
                             const char* what) {
  CLI::App* app = AddAction(connectors, line, name, what);
  app->add_option("--data-dir", line->data_dir,
                  "The folder whose `connectors` are meant (default: ~/.millrace, or "
                  "MILLRACE_CONNECTORS_DIR itself)");
  AddOutputFlags(app, line);
  return app;
}

void AddCatalogueCommands(CLI::App* root, CommandLine* line) {
  CLI::App* connectors = AddCommand(root, line, "connectors", "The catalogue of connectors");
  connectors->require_subcommand(0, 1);
  AddOutputFlags(connectors, line);
  CLI::App* list = AddCatalogueAction(connectors, line, "list", "Every connector there is");
  list->add_option("WORD", line->words, "Only those that have these words in name or title");
  list->add_option("--type", line->type, "Only sources or destinations")
      ->check(CLI::IsMember({"source", "destination"}));
  list->add_option("--runs", line->runs, "Only those that run so")
      ->check(CLI::IsMember({"built-in", "manifest", "python", "container"}));
  list->add_flag("--installed", line->installed, "Only those that are ready to use");
  CLI::App* show = AddCatalogueAction(connectors, line, "show", "One connector and its settings");
  CLI::App* install = AddCatalogueAction(
      connectors, line, "install", "Install a connector: its low-code manifest or Python package");
  install->add_option("--version", line->version, "The version (default: the catalogue's)");
  install->add_option("--python", line->python,
                      "The Python to use: a name or a path (default: one that fits is found)");
  install->add_option("--from", line->from,
                      "A low-code manifest to install under that name: a file or a URL");
  CLI::App* remove =
      AddCatalogueAction(connectors, line, "remove", "Remove an installed connector");
  remove->add_option("--version", line->version, "Only this version (default: all of them)");
  for (CLI::App* app : {show, install, remove}) {
    app->add_option("NAME", line->name,
                    "Airbyte's name of the connector; NAME==VERSION is one of it")
        ->required();
  }
  CLI::App* made = AddAction(connectors, line, "new", "Write a template for a source of your own");
  made->add_option("NAME", line->name, "Its name, and the folder's")->required();
  AddOutputFlags(made, line);
}

void AddStateCommands(CLI::App* root, CommandLine* line) {
  CLI::App* state = AddCommand(root, line, "state", "A connection's saved state");
  state->require_subcommand(1);
  for (const auto& [name, what] :
       {std::pair("show", "Print the state"),
        std::pair("set", "Replace it by Airbyte's state JSON from standard input"),
        std::pair("clear", "Forget it: the next sync starts from the beginning")}) {
    CLI::App* app = AddAction(state, line, name, what);
    AddFile(app, line);
    AddDataDir(app, line);
    AddStreams(app, line);
    AddOutputFlags(app, line);
  }
}

std::vector<std::string> NamesOf(const CLI::App& parent) {
  std::vector<std::string> names;
  for (const CLI::App* app : parent.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(app->get_name());
  }
  return names;
}

/// Where in the tree of commands the words of a command line lead.
struct CommandPath {
  const CLI::App* app;
  std::string name;  ///< "millrace state"
  /// The word after it that should be a command of `app` and is none; empty when there is no word.
  std::string unknown;
};

CommandPath FollowCommands(const CLI::App& root, std::span<const char* const> words) {
  CommandPath path{&root, root.get_name(), ""};
  for (const char* word : words) {
    const std::vector<std::string> names = NamesOf(*path.app);
    if (word[0] == '-' || names.empty()) break;
    if (std::find(names.begin(), names.end(), word) == names.end()) {
      path.unknown = word;
      break;
    }
    path.app = path.app->get_subcommand(word);
    path.name += std::string(" ") + word;
  }
  return path;
}

std::string UnknownCommandText(const CommandPath& path) {
  const std::vector<std::string> names = NamesOf(*path.app);
  std::string near = DidYouMean(path.unknown, names);
  if (near.empty() && names.size() < 6) near = fmt::format("; allowed: {}", fmt::join(names, ", "));
  const std::string whole = path.name + " " + path.unknown;
  return fmt::format("there is no command \"{}\"{} (see: {} --help)",
                     whole.substr(whole.find(' ') + 1), near, path.name);
}

/// One line for a person: CLI11's own words are for its user.
std::string UsageText(const CLI::ParseError& error, const CLI::App& root,
                      std::span<const char* const> words) {
  const CommandPath path = FollowCommands(root, words);
  if (!path.unknown.empty()) return UnknownCommandText(path);
  if (path.app->get_require_subcommand_min() > 0) {
    return fmt::format("{} needs one of: {} (see: {} --help)", path.name,
                       fmt::join(NamesOf(*path.app), ", "), path.name);
  }
  return fmt::format("{} (see: {} --help)", error.what(), path.name);
}

int PrintHelp(const CommandPath& path) {
  if (!path.unknown.empty()) {
    Console::PrintError(UnknownCommandText(path));
    return kExitUsage;
  }
  const size_t last = path.name.rfind(' ');
  Console::Out(path.app->help(last == std::string::npos ? "" : path.name.substr(0, last)));
  return kExitDone;
}

}  // namespace

ParsedCommandLine ParseCommandLine(int argc, const char* const* argv) {
  ParsedCommandLine parsed;
  CommandLine* line = &parsed.line;
  CLI::App root("Millrace copies streams of records from sources to destinations.", "millrace");
  root.require_subcommand(1);
  AddSyncCommands(&root, line);
  AddConnectorCommands(&root, line);
  AddCatalogueCommands(&root, line);
  AddStateCommands(&root, line);
  AddServerCommand(&root, line);
  AddWorkerCommand(&root, line);
  AddUpkeepCommands(&root, line);
  CLI::App* version = AddCommand(&root, line, "version", "Print the version");
  version->add_flag("--json", line->json, "Print one JSON document");
  bool version_flag = false;
  root.add_flag("--version", version_flag, "Print the version");
  for (const LaterCommand& later : kLaterCommands) {
    AddCommand(&root, line, later.name, later.what)->allow_extras()->group("");
  }
  AddCommand(&root, line, "help", "Print this, or a command's help")->allow_extras();
  const std::span words(argv + 1, static_cast<size_t>(std::max(argc - 1, 0)));
  if (!words.empty() && std::string_view(words[0]) == "help") {
    parsed.exit_code = PrintHelp(FollowCommands(root, words.subspan(1)));
    return parsed;
  }
  if (argc == 2 && std::string_view(argv[1]) == "--version") {
    line->command = "version";
    return parsed;
  }
  if (argc < 2) {
    Console::Err(root.help());
    parsed.exit_code = kExitUsage;
    return parsed;
  }
  try {
    root.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    parsed.exit_code = PrintHelp(FollowCommands(root, words));
    return parsed;
  } catch (const CLI::ParseError& error) {
    Console::PrintError(UsageText(error, root, words));
    parsed.exit_code = kExitUsage;
    return parsed;
  }
  for (const LaterCommand& later : kLaterCommands) {
    if (line->command != later.name) continue;
    Console::PrintError(fmt::format("millrace {} is not available in this version", later.name));
    parsed.exit_code = kExitUsage;
  }
  return parsed;
}

}  // namespace millrace
