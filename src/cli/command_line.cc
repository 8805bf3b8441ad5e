// The only file that sees CLI11: its header costs seconds wherever it is included.
#include "cli/command_line.h"

#include <CLI/CLI.hpp>

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
    {"server", "Run the server with its user interface and API"},
    {"worker", "Run a worker for a server on another machine"},
    {"plan", "Show what apply would change on a server"},
    {"apply", "Bring a server to what connection files say"},
    {"export", "Write a server's connections as files"},
    {"verify", "Compare source and destination"},
    {"backup", "Save a server's data folder"},
    {"restore", "Bring back a saved data folder"},
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
  for (const auto& [name, what] : {std::pair("check", "Try out a connection's ends"),
                                   std::pair("discover", "Print what the source can deliver")}) {
    CLI::App* app = AddCommand(root, line, name, what);
    AddFile(app, line);
    AddOutputFlags(app, line);
    if (std::string_view(name) != "check") continue;
    CLI::Option* source = app->add_flag("--source", line->source_only, "Only the source");
    app->add_flag("--destination", line->destination_only, "Only the destination")
        ->excludes(source);
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

  CLI::App* connectors = AddCommand(root, line, "connectors", "The catalogue of connectors");
  connectors->require_subcommand(0, 1);
  AddOutputFlags(connectors, line);
  AddOutputFlags(AddAction(connectors, line, "list", "Every connector there is"), line);
  for (const auto& [name, what] : {std::pair("show", "One connector and its settings"),
                                   std::pair("install", "Make a connector ready to run"),
                                   std::pair("remove", "Remove an installed connector")}) {
    CLI::App* app = AddAction(connectors, line, name, what);
    app->add_option("NAME", line->name, "Airbyte's name of the connector")->required();
    AddOutputFlags(app, line);
  }
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

/// One line for a person: CLI11's own words are for its user.
std::string UsageText(const CLI::ParseError& error, const std::vector<std::string>& commands,
                      int argc, const char* const* argv) {
  if (argc > 1 && argv[1][0] != '-') {
    const std::string given = argv[1];
    if (std::find(commands.begin(), commands.end(), given) == commands.end()) {
      return fmt::format("there is no command \"{}\"{} (see: millrace --help)", given,
                         DidYouMean(given, commands));
    }
    return fmt::format("{} (see: millrace {} --help)", error.what(), given);
  }
  return fmt::format("{} (see: millrace --help)", error.what());
}

}  // namespace

ParsedCommandLine ParseCommandLine(int argc, const char* const* argv) {
  ParsedCommandLine parsed;
  CommandLine* line = &parsed.line;
  CLI::App root("Millrace copies streams of records from sources to destinations.", "millrace");
  root.require_subcommand(1);
  AddSyncCommands(&root, line);
  AddConnectorCommands(&root, line);
  AddStateCommands(&root, line);
  CLI::App* version = AddCommand(&root, line, "version", "Print the version");
  version->add_flag("--json", line->json, "Print one JSON document");
  bool version_flag = false;
  root.add_flag("--version", version_flag, "Print the version");
  for (const LaterCommand& later : kLaterCommands) {
    AddCommand(&root, line, later.name, later.what)->allow_extras()->group("");
  }
  std::vector<std::string> commands;
  for (const CLI::App* app : root.get_subcommands([](CLI::App*) { return true; })) {
    commands.push_back(app->get_name());
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
    const CLI::App* asked = &root;
    while (!asked->get_subcommands().empty()) asked = asked->get_subcommands().front();
    Console::Out(asked->help());
    parsed.exit_code = kExitDone;
    return parsed;
  } catch (const CLI::ParseError& error) {
    Console::PrintError(UsageText(error, commands, argc, argv));
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
