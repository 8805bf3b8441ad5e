#pragma once

#include <chrono>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "cli/yaml_document.h"

namespace millrace {

/// One mapping of a YAML document, read key by key. Every error names place and key. The document
/// outlives it. A key that is left empty counts as not given.
class YamlSection {
 public:
  /// A config error unless a mapping stands at `pointer`.
  static Result<YamlSection> At(const YamlDocument& document, std::string pointer);

  /// A config error for the first key that is none of `known`, with the nearest of them.
  Status AllowOnly(const std::vector<std::string>& known) const;

  /// Null when the key is not given.
  const Json* Find(const std::string& key) const;
  Status ErrorAt(const std::string& key, std::string_view message) const;
  std::string PointerOf(const std::string& key) const { return pointer_ + "/" + PointerPart(key); }
  std::string PlaceOf(const std::string& key) const { return document_->PlaceOf(PointerOf(key)); }

  Result<std::optional<std::string>> Text(const std::string& key) const;
  /// A text that is one of `allowed`; `fallback` when not given.
  Result<std::string> Choice(const std::string& key,
                             std::initializer_list<std::string_view> allowed,
                             std::string_view fallback) const;
  Result<std::optional<std::chrono::milliseconds>> Duration(const std::string& key) const;
  /// A list of texts; one text alone counts as a list of one. Empty when not given.
  Result<std::vector<std::string>> Texts(const std::string& key) const;

 private:
  YamlSection(const YamlDocument& document, std::string pointer, const Json& object)
      : document_(&document), pointer_(std::move(pointer)), object_(&object) {}

  const YamlDocument* document_;
  std::string pointer_;
  const Json* object_;
};

}  // namespace millrace
