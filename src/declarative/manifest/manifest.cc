#include "declarative/manifest/manifest.h"

#include <utility>

#include "declarative/manifest/manifest_validator.h"
#include "declarative/manifest/parameter_propagation.h"
#include "declarative/manifest/reference_resolver.h"
#include "declarative/manifest/value_kind.h"
#include "declarative/manifest/yaml_reader.h"

namespace millrace {
namespace {

Result<PyValue> ReadTree(std::string_view text, YamlLines* lines) {
  Result<PyValue> tree = ReadYaml(text, {.lines = lines});
  if (!tree.ok()) return tree.status().WithContext("reading the manifest");
  if (tree->is_none()) return ConfigError("the manifest is empty");
  return tree;
}

/// Everything between a manifest as written and one that the engine can use.
Result<PyValue> Resolve(const PyValue& written) {
  if (!written.is_dict()) {
    return ConfigError("the manifest must be a mapping, not {}", ValueKind(written));
  }
  PyValue manifest = written;
  if (!written.dict().Contains("type")) {
    PyDict typed = written.dict();
    typed.Set(std::string_view("type"), "DeclarativeSource");
    manifest = PyValue(std::move(typed));
    manifest.set_line(written.line());
  }
  MR_ASSIGN_OR_RETURN(const PyValue resolved, ResolveReferences(manifest));
  if (!resolved.is_dict()) {
    return ConfigError("the manifest must be a mapping, not {}", ValueKind(resolved));
  }
  return PropagateParameters(resolved);
}

}  // namespace

Result<PyValue> ReadManifestText(std::string_view text) { return ReadTree(text, nullptr); }

Result<Manifest> LoadManifest(std::string_view text) {
  MR_ASSIGN_OR_RETURN(const PyValue written, ReadTree(text, nullptr));
  MR_ASSIGN_OR_RETURN(PyValue tree, Resolve(written));
  if (ValidateManifest(tree, nullptr).ok()) return Manifest(std::move(tree));
  // Only now it matters where its fields are.
  YamlLines lines;
  MR_RETURN_IF_ERROR(ReadTree(text, &lines).status());
  return ValidateManifest(tree, &lines);
}

Result<Manifest> LoadManifestValue(const PyValue& manifest) {
  MR_ASSIGN_OR_RETURN(PyValue tree, Resolve(manifest));
  MR_RETURN_IF_ERROR(ValidateManifest(tree, nullptr));
  return Manifest(std::move(tree));
}

}  // namespace millrace
