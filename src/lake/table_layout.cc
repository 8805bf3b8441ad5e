#include "lake/table_layout.h"

#include <fmt/format.h>

#include <algorithm>

namespace millrace {
namespace {

constexpr std::string_view kDefaultPathFormat =
    "${NAMESPACE}/${STREAM_NAME}/${YEAR}_${MONTH}_${DAY}_${EPOCH}_";
constexpr std::string_view kDefaultFileName = "{part_number}{format_extension}";
constexpr char kMark = '\1';  // no name holds it: SafeNamePart replaces control characters

bool HasPlaceholder(std::string_view text) { return text.find('{') != std::string_view::npos; }

std::string TemplateOf(const LayoutConfig& config) {
  std::string path = config.path_format;
  if (path.empty() && !HasPlaceholder(config.bucket_path)) path = kDefaultPathFormat;
  const std::string_view file =
      config.file_name_pattern.empty() ? kDefaultFileName : config.file_name_pattern;
  return fmt::format("{}/{}{}", config.bucket_path, path, file);
}

/// Without empty parts (an absent namespace leaves one) and without parts that climb.
std::string NormalKey(std::string_view path) {
  std::string key;
  while (!path.empty()) {
    const size_t end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    if (part.empty() || part == "." || part == "..") continue;
    if (!key.empty()) key += '/';
    key += part;
  }
  return key;
}

}  // namespace

TableLayout::TableLayout(const LayoutConfig& config, const StreamDescriptor& stream,
                         std::string_view extension)
    : name_(NameTemplate::Parse(TemplateOf(config), stream, extension)) {
  // "%none" is no encoded name: '%' is followed by 25 or hexadecimal digits there.
  manifest_folder_ = fmt::format("{}tables/{}/{}/", InternalFolderOf(config),
                                 stream.name_space ? EncodedNamePart(*stream.name_space) : "%none",
                                 EncodedNamePart(stream.name));
  pattern_.tells_parts_apart = name_.tells_parts_apart();
  std::string marked = NormalKey(name_.RenderMarked(kMark));
  for (size_t from = 0; from <= marked.size();) {
    const size_t end = std::min(marked.find(kMark, from), marked.size());
    pattern_.fixed_parts.push_back(marked.substr(from, end - from));
    from = end + 1;
  }
}

std::string TableLayout::KeyOf(const FileNaming& naming) const {
  std::string key = NormalKey(name_.Render(naming));
  if (name_.tells_parts_apart() || naming.part == 0) return key;
  // A pattern that gives every file the same name: the part goes before the extension.
  const size_t name = key.rfind('/') + 1;  // npos + 1 is 0
  const size_t dot = std::min(key.find('.', name), key.size());
  return fmt::format("{}_{}{}", key.substr(0, dot), naming.part, key.substr(dot));
}

std::string TableLayout::ExampleKey() const {
  std::string key;
  for (const std::string& part : pattern_.fixed_parts) key += part + kMark;
  return key;
}

std::string InternalFolderOf(const LayoutConfig& config) {
  const std::string& path = config.bucket_path;
  const size_t placeholder = std::min(path.find('{'), path.size());
  std::string fixed = path.substr(0, placeholder);
  if (placeholder < path.size()) fixed = fixed.substr(0, fixed.rfind('/') + 1);
  fixed = NormalKey(fixed);
  return fixed.empty() ? "_airbyte_internal/" : fixed + "/_airbyte_internal/";
}

}  // namespace millrace
