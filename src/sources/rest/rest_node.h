#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace millrace {

/// A group of fields of source-rest's configuration, and where it stands ("endpoints[1]"; empty:
/// the whole). Its getters return config errors that name the field. Texts may be templates: they
/// are held against the whole configuration (see CheckRestTemplate). Borrows both.
class RestNode {
 public:
  /// A value that is no object, or null, has no fields.
  RestNode(const Json& value, std::string path, const Json& config)
      : value_(&value), path_(std::move(path)), config_(&config) {}

  const std::string& path() const { return path_; }
  const Json& value() const { return *value_; }
  const Json& config() const { return *config_; }
  /// Null when it is missing or null.
  const Json* Find(std::string_view field) const;
  bool Has(std::string_view field) const { return Find(field) != nullptr; }

  /// A group below; one without fields when it is missing.
  Result<RestNode> Group(std::string_view field) const;
  /// Each group of a list; [] when it is missing.
  Result<std::vector<RestNode>> Groups(std::string_view field) const;
  Result<std::string> Text(std::string_view field, std::string_view missing = "") const;
  /// Text that must be there.
  Result<std::string> NeededText(std::string_view field) const;
  Result<int64_t> Count(std::string_view field, int64_t missing, int64_t least) const;
  Result<bool> Flag(std::string_view field, bool missing) const;
  /// One of `allowed`, the first when it is missing.
  Result<std::string> Choice(std::string_view field, std::vector<std::string> allowed) const;
  /// "a.b" or ["a", "b"]: the steps of a path in a document. [] when it is missing.
  Result<std::vector<std::string>> Steps(std::string_view field) const;
  /// "id" or ["id", "line"]: names. [] when it is missing.
  Result<std::vector<std::string>> Names(std::string_view field) const;
  /// {name: text}; numbers and true or false become their text. {} when it is missing.
  Result<Json> Texts(std::string_view field) const;

  /// "endpoints[1].path" of "path".
  std::string PathOf(std::string_view field) const;
  /// A config error about the field: "endpoints[1].path <what>".
  Status FieldError(std::string_view field, std::string_view what) const;

 private:
  const Json* value_;
  std::string path_;
  const Json* config_;
};

/// The template language's view of a configuration's text: whether it can be read, whether the
/// names in it are there, and whether the configuration has what it takes from `config`. A config
/// error names `path`.
Status CheckRestTemplate(const std::string& text, const std::string& path, const Json& config);
/// The same of every text in `value`, at any depth.
Status CheckRestTemplates(const Json& value, const std::string& path, const Json& config);

/// Whether a text of `config` is a template that names its first-level field `key`.
bool RestTemplatesName(const Json& config, std::string_view key);

}  // namespace millrace
