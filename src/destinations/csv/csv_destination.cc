#include "destinations/csv/csv_destination.h"

#include <nlohmann/json.hpp>

#include "lake/lake_config.h"
#include "lake/raw_file_destination.h"

namespace millrace {
namespace {

/// Airbyte writes a delimiter as an escape, backslash and all.
struct Delimiter {
  std::string_view escape;
  char value;
};
constexpr Delimiter kDelimiters[] = {
    {"\\u002c", ','}, {"\\u003b", ';'}, {"\\u007c", '|'}, {"\\u0009", '\t'}, {"\\u0020", ' '},
};

Result<char> DelimiterOf(const Json& config) {
  const auto type = config.find("delimiter_type");
  if (type == config.end() || type->is_null()) return ',';
  MR_ASSIGN_OR_RETURN(const std::string text, RequiredText(*type, "delimiter"));
  for (const Delimiter& known : kDelimiters) {
    if (text == known.escape || text == std::string_view(&known.value, 1)) return known.value;
  }
  return ConfigError(
      "delimiter_type.delimiter \"{}\" is not one of \\u002c (comma), \\u003b (semicolon), \\u007c "
      "(pipe), \\u0009 (tab), \\u0020 (space)",
      text);
}

}  // namespace

Result<std::unique_ptr<Destination>> MakeCsvDestination(const Json& config) {
  MR_ASSIGN_OR_RETURN(const std::string path, RequiredText(config, "destination_path"));
  FileFormat format;
  format.type = FileFormat::Type::kCsv;
  format.codec = FileFormat::Codec::kUncompressed;
  MR_ASSIGN_OR_RETURN(format.delimiter, DelimiterOf(config));
  return MakeRawFileDestination(path, format);
}

}  // namespace millrace
