#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/environment_text.h"
#include "base/result.h"

namespace millrace {

/// The program that runs containers, absolute: MILLRACE_CONTAINER_ENGINE (a name or a path), else
/// docker, else podman, whichever is on the PATH. A config error when there is none.
Result<std::filesystem::path> FindContainerEngine(const Environment& environment);

/// A container to be run for one task of a connector. A plain value without secrets: every user of
/// the machine can read command lines.
struct ContainerRun {
  std::vector<std::string> engine;  ///< the engine and options of its `run`
  std::string image;
  std::string name;                    ///< of the container; its own for each run
  std::filesystem::path folder;        ///< of ours, readable in the container at kContainerFolder
  std::vector<std::string> variables;  ///< "NAME=value", for the connector
  int64_t memory_bytes = 0;            ///< 0: no limit
  int64_t cpu_millicores = 0;          ///< 0: no limit
  std::vector<std::string> arguments;  ///< for the image's entry point: "read", "--config", …
};

/// Where a container sees the folder that holds its input.
inline constexpr const char* kContainerFolder = "/millrace";

/// The command line that runs it in the foreground, its standard streams connected, and removes it
/// when it ends.
std::vector<std::string> ContainerCommandLine(const ContainerRun& run);

/// The command line that ends a container, whatever it does, and removes it: ending the engine's
/// `run` alone would leave it running.
std::vector<std::string> ContainerRemoval(const std::string& engine, const std::string& name);

/// What the engine itself needs to know of our environment: the user's home and how its service is
/// reached. None of it gets into containers.
std::vector<std::string> EngineEnvironment();

/// What the names of our containers begin with.
inline constexpr const char* kContainerPrefix = "millrace-";

/// A name for a container that nobody else has: "millrace-read-<random>".
std::string NewContainerName(const std::string& task);

}  // namespace millrace
