#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/environment_text.h"
#include "base/resource_limits.h"
#include "base/result.h"
#include "protocol/catalog.h"
#include "protocol/json_field.h"

namespace millrace {

/// One end of a connection, as the file gives it: named by exactly one of type, image, manifest and
/// command.
struct ConnectionEnd {
  std::string type;      ///< "postgres" or "source-postgres"
  std::string version;   ///< of the installed package that `type` means; empty: any
  std::string image;     ///< of a container: "airbyte/source-x:1.2.3"
  std::string manifest;  ///< a low-code manifest; a relative path is from the file's folder
  /// The program that is the connector, and its first arguments. A relative path is from the file's
  /// folder.
  std::vector<std::string> command;
  /// Of a connector that is a program: how long it may print nothing. Zero: the usual time.
  std::chrono::seconds max_silence{0};
  JsonValue config;  ///< environment resolved; not yet held against the specification
  /// JSON pointers into `config` whose text came from ${…}: they take the type that the
  /// specification asks for.
  std::set<std::string> from_environment;
  /// What a program may use (`resources`); nothing of it is said of a built-in connector.
  ResourceLimits limits;
  std::string place;  ///< "file.yaml:3:9", for errors about what names it
};

/// One entry of `streams`. What is not given is the stream's own.
struct StreamSelection {
  std::string name;
  std::optional<std::string> name_space;
  SyncMode sync_mode = SyncMode::kFullRefresh;
  DestinationSyncMode destination_sync_mode = DestinationSyncMode::kOverwrite;
  FieldPath cursor_field;
  std::vector<FieldPath> primary_key;
  std::vector<std::string> selected_fields;  ///< empty: all
  std::string place;                         ///< "file.yaml:12:5"
};

/// A connection file (docs: PRODUCT, "A connection file"), checked as far as that is possible
/// without the connectors' specifications. A plain value.
struct ConnectionFile {
  std::filesystem::path path;
  std::string name;  ///< the file's own name without extension when it gives none
  std::optional<ConnectionEnd> source;
  std::optional<ConnectionEnd> destination;
  /// Empty: every discovered stream, full refresh | overwrite.
  std::optional<std::vector<StreamSelection>> streams;
  /// "source", "destination", or a format with ${SOURCE_NAMESPACE} in it.
  std::string destination_namespace = "source";
  std::string prefix;
  std::string metadata = "current";    ///< current | classic | none
  std::string normalization = "none";  ///< none | basic
  bool raw_tables = false;             ///< when it is not said: with normalization basic
  std::string number_format = "auto";  ///< auto | double | decimal | string
  bool keep_undeclared = false;        ///< undeclared_fields: keep
  std::chrono::milliseconds commit_interval = std::chrono::minutes(5);
  /// Deduplicated tables of files: how long staged changes may wait.
  std::chrono::milliseconds merge_interval{0};
  int writer_lanes = 0;  ///< 0: auto
  JsonValue schedule;    ///< as written, checked; null when manual
};

/// Reads and checks a connection file. Config errors name place, key, fault and what is allowed.
/// Nothing is contacted.
Result<ConnectionFile> ReadConnectionFile(const std::filesystem::path& path,
                                          const Environment& environment);
/// The same of a text; `path` names it in errors.
Result<ConnectionFile> ParseConnectionFile(std::string_view text, const std::filesystem::path& path,
                                           const Environment& environment);

/// "full_refresh_overwrite" …: the public API's name for a pair of modes.
std::string SyncModeName(SyncMode mode, DestinationSyncMode destination_mode);

}  // namespace millrace
