#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace millrace {

// What `millrace` exits with.
inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage =
    2;  ///< or a configuration found wrong before anything is contacted
inline constexpr int kExitInterrupted = 130;

/// A parsed command line: which command, and what was given to it.
struct CommandLine {
  std::string command;  ///< "sync", "connectors" …
  std::string action;   ///< of connector, connectors and state: "read", "list", "show" …
  std::string file;     ///< the connection file; of backup and restore, the backup
  std::string name;     ///< of a connector
  std::string version;  ///< of the connector to install or remove
  std::string python;   ///< to install it with
  std::string from;     ///< the manifest to install: a file or URL
  std::vector<std::string> words;  ///< of `connectors list`: to be found in names and titles
  std::string type, runs;          ///< of `connectors list`: only those
  bool installed = false;          ///< of `connectors list`: only those
  std::string data_dir;
  std::vector<std::string> streams;
  bool full_refresh = false;
  bool source_only = false;
  bool destination_only = false;
  bool json = false;
  bool verbose = false;
  std::vector<std::string> listen;  ///< of `server`
  std::vector<std::string> public_urls;
  std::string database_url;
  std::string auth;  ///< "always", or empty
  std::string tls_certificate, tls_key;
  std::string attempt_listen, attempt_url, attempt_ca;
  std::string files_dir;
  bool allow_link_local = false;
  bool allow_custom_commands = false;
  std::string config_file;  ///< config.yaml of `server` and `worker`
  std::string log_storage;
  std::string log_format = "text";                    ///< or json
  bool force = false;                                 ///< of `restore`
  std::string config, catalog, state, manifest_path;  ///< of `connector`: paths of files
};

/// The outcome of parsing: a command line to run, or the code to exit with at once (help was
/// printed, or what is wrong).
struct ParsedCommandLine {
  CommandLine line;
  int exit_code = -1;  ///< -1: run `line`
};

ParsedCommandLine ParseCommandLine(int argc, const char* const* argv);

}  // namespace millrace
