#include "declarative/manifest/builder_manifest.h"

#include <utility>

#include "declarative/manifest/manifest.h"
#include "declarative/manifest/manifest_normalizer.h"
#include "declarative/manifest/manifest_validator.h"
#include "declarative/manifest/value_kind.h"

namespace millrace {
namespace {

/// A builder groups what a read gives by its requests: one at a time.
Result<PyValue> WithConcurrencyOfOne(const PyValue& manifest) {
  if (!manifest.is_dict()) {
    return ConfigError("the manifest must be a mapping, not {}", ValueKind(manifest));
  }
  PyDict level;
  if (const PyValue* written = manifest.Find("concurrency_level")) {
    if (!written->is_dict()) {
      return ConfigError("line {}: concurrency_level must be a mapping, not {}", manifest.line(),
                         ValueKind(*written));
    }
    level = written->dict();
  } else {
    level.Set("type", "ConcurrencyLevel");
  }
  level.Set("default_concurrency", 1);
  PyDict changed = manifest.dict();
  changed.Set("concurrency_level", PyValue(std::move(level)));
  PyValue made(std::move(changed));
  made.set_line(manifest.line());
  return made;
}

}  // namespace

Result<PyValue> ResolveForBuilder(const PyValue& manifest, const BuilderResolveOptions& options) {
  MR_ASSIGN_OR_RETURN(const PyValue changed, WithConcurrencyOfOne(manifest));
  MR_ASSIGN_OR_RETURN(const Manifest loaded, LoadManifestValue(changed));
  PyValue tree = loaded.tree();
  if (options.migrate != nullptr) {
    tree = MigrateManifest(tree, options.migrate, *options.clock);
    MR_RETURN_IF_ERROR(ValidateManifest(tree, nullptr));
  }
  return options.normalize ? NormalizeManifest(tree) : tree;
}

Result<PyValue> ResolveTextForBuilder(std::string_view text, const BuilderResolveOptions& options) {
  // Loading it first finds what is wrong, with lines.
  MR_RETURN_IF_ERROR(LoadManifest(text).status());
  MR_ASSIGN_OR_RETURN(const PyValue written, ReadManifestText(text));
  return ResolveForBuilder(written, options);
}

}  // namespace millrace
