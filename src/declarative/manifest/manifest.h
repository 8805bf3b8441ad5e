#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "declarative/jinja/py_value.h"
#include "declarative/manifest/component.h"

namespace millrace {

/// A manifest as the engine builds from it: references resolved, types and parameters filled in,
/// checked against the table of components. A cheap value that shares its tree; nobody changes it.
class Manifest {
 public:
  /// The resolved tree: a dict of type DeclarativeSource.
  const PyValue& tree() const { return tree_; }
  /// The root as a component: its fields are `check`, `streams`, `dynamic_streams`, `spec`,
  /// `concurrency_level`, `api_budget`, `stream_groups`, …
  Component root() const { return Component(tree_, ""); }

 private:
  friend Result<Manifest> LoadManifest(std::string_view text);
  friend Result<Manifest> LoadManifestValue(const PyValue& manifest);
  explicit Manifest(PyValue tree) : tree_(std::move(tree)) {}

  PyValue tree_;
};

/// Reads a manifest's text: YAML 1.1 or JSON. The `version` field must be text and nothing more, as
/// to the CDK: it refuses no version. Config errors name the line.
Result<Manifest> LoadManifest(std::string_view text);

/// The same of a manifest that came as data (in a configuration, from the builder). Lists and dicts
/// of it may carry lines.
Result<Manifest> LoadManifestValue(const PyValue& manifest);

/// A manifest's text as a value, of which nothing is resolved or checked but that it isn't empty.
Result<PyValue> ReadManifestText(std::string_view text);

}  // namespace millrace
