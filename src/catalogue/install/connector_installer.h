#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/environment_text.h"
#include "base/result.h"
#include "catalogue/catalogue.h"
#include "catalogue/install/native_manifest.h"
#include "catalogue/installed_connectors.h"

namespace millrace {

/// What is to be installed.
struct InstallRequest {
  std::string name;     ///< "source-faker"
  std::string version;  ///< empty: the catalogue's
  std::string python;   ///< the interpreter to use, a name or a path; empty: a fitting one is found
  std::string from;     ///< a low-code manifest to install: a file or URL; empty: found by the name
};

struct InstallOutcome {
  InstalledConnector connector;
  bool was_there = false;   ///< nothing was done
  std::string passed_over;  ///< a newer version that can't be installed; empty: none
};

/// Installs connectors into the folder of installed ones and removes them: Python packages, each
/// version in a private environment, and low-code manifests that Millrace itself runs, out of a
/// package, an image or a file. What is being made counts as installed only when
/// all is done; what a crash left is cleared away by the next installation of that name. One
/// process at a time works on a name: others wait. Blocks for minutes; one thread.
class ConnectorInstaller {
 public:
  /// What happens, for people: its steps and, as `detail`, what an installer prints meanwhile. From
  /// any thread.
  using Tell = std::function<void(std::string_view what, bool detail)>;

  /// `catalogue` outlives it. `environment` is the process's.
  ConnectorInstaller(const Catalogue& catalogue, InstalledConnectors installed,
                     Environment environment, Tell tell, CheckManifest check)
      : catalogue_(catalogue),
        installed_(std::move(installed)),
        environment_(std::move(environment)),
        tell_(std::move(tell)),
        check_(std::move(check)) {}

  /// Whether a request names something that could be installed, as far as that is known here.
  Status Check(const InstallRequest& request) const { return WantedOf(request).status(); }

  /// Installs exactly one version and asks it for its specification. Config errors: no such
  /// package or version, a Python that doesn't fit, a full disk, a package that is no connector.
  /// Transient: the index can't be reached. kCanceled: `stop`; nothing is left.
  Result<InstallOutcome> Install(const InstallRequest& request, std::stop_token stop) const;

  /// Removes that version, or all of them; returns which. A config error when there is none, or
  /// when a process runs one of them.
  Result<std::vector<InstalledConnector>> Remove(const std::string& name,
                                                 const std::string& version,
                                                 std::stop_token stop) const;

 private:
  struct Wanted {
    std::string name, package, version, passed_over;
    std::string from;   // a manifest's file or URL
    std::string image;  // of a catalogue entry that is a manifest; empty: it is none
  };
  Result<Wanted> WantedOf(const InstallRequest& request) const;
  /// Of a request for a manifest.
  Result<Wanted> WantedManifest(const InstallRequest& request) const;
  /// The connector that a manifest was found for, whose file is written; none: it needs Python.
  Result<std::optional<InstalledConnector>> BuildNative(const Wanted& wanted,
                                                        std::stop_token stop) const;
  Result<FoundManifest> FindManifest(const Wanted& wanted, std::stop_token stop) const;
  Result<FoundManifest> ManifestOfPackage(const Wanted& wanted, std::stop_token stop) const;
  Result<InstalledConnector> Build(const Wanted& wanted, const std::string& python,
                                   std::stop_token stop) const;

  const Catalogue& catalogue_;
  const InstalledConnectors installed_;
  const Environment environment_;
  const Tell tell_;
  const CheckManifest check_;
};

}  // namespace millrace
