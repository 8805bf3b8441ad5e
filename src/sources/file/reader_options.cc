#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "connector/number_type.h"
#include "sources/file/file_config.h"

namespace millrace {
namespace {

Status Wrong(std::string_view name, std::string_view expected, const Json& value) {
  return ConfigError("reader_options: {} must be {}, not {}", name, expected, value.dump());
}

/// One character, or none where null is allowed.
Result<std::optional<char>> Character(std::string_view name, const Json& value) {
  if (value.is_null()) return std::optional<char>();
  const std::string text = value.is_string() ? value.get<std::string>() : "";
  if (text.size() != 1) return Wrong(name, "one ASCII character", value);
  return std::optional<char>(text[0]);
}

Result<bool> Flag(std::string_view name, const Json& value) {
  if (!value.is_boolean()) return Wrong(name, "true or false", value);
  return value.get<bool>();
}

Result<int64_t> Count(std::string_view name, const Json& value) {
  if (!value.is_number_integer() || value.get<int64_t>() < 0) {
    return Wrong(name, "a whole number of 0 or more", value);
  }
  return value.get<int64_t>();
}

Result<std::vector<std::string>> TextList(std::string_view name, const Json& value) {
  std::vector<std::string> list;
  if (value.is_string()) list.push_back(value.get<std::string>());
  if (!value.is_array() && list.empty()) return Wrong(name, "a list of strings", value);
  for (const Json& each : value) {
    if (!value.is_array()) break;
    if (each.is_number()) {
      list.push_back(each.dump());
    } else if (each.is_string()) {
      list.push_back(each.get<std::string>());
    } else {
      return Wrong(name, "a list of strings", value);
    }
  }
  return list;
}

/// pandas' and NumPy's names of types.
Result<std::shared_ptr<arrow::DataType>> TypeNamed(const Json& value) {
  const std::string name = value.is_string() ? value.get<std::string>() : value.dump();
  if (name == "str" || name == "string" || name == "object" || name == "category") {
    return arrow::utf8();
  }
  if (name.starts_with("int") || name.starts_with("Int") || name.starts_with("uint") ||
      name.starts_with("UInt")) {
    return arrow::int64();
  }
  if (name.starts_with("float") || name.starts_with("Float")) return number();
  if (name == "bool" || name == "boolean") return arrow::boolean();
  if (name == "date") return arrow::date32();
  if (name.starts_with("datetime64")) {
    return arrow::timestamp(arrow::TimeUnit::MICRO,
                            name.find("UTC") != std::string::npos ? "UTC" : "");
  }
  return ConfigError(
      "reader_options: dtype: '{}' is not known; str, int64, float64, bool, date and "
      "datetime64[ns] are",
      name);
}

Status ParseDelimiter(std::string_view name, const Json& value, ReaderOptions& options) {
  if (value.is_null()) return Status::Ok();
  if (value == "\\t") {
    options.csv.dialect.delimiter = '\t';
    return Status::Ok();
  }
  MR_ASSIGN_OR_RETURN(const std::optional<char> c, Character(name, value));
  if (*c == '\n' || *c == '\r') return Wrong(name, "no line break", value);
  options.csv.dialect.delimiter = *c;
  return Status::Ok();
}

Status ParseHeader(std::string_view name, const Json& value, ReaderOptions& options) {
  if (value == "infer") return Status::Ok();
  options.csv.header.reset();
  if (value.is_null()) return Status::Ok();
  MR_ASSIGN_OR_RETURN(const int64_t row, Count(name, value));
  if (row > 100'000) return Wrong(name, "a row near the top", value);
  options.csv.header = static_cast<int>(row);
  return Status::Ok();
}

Status ParseTypes(const Json& value, ReaderOptions& options) {
  if (!value.is_object()) {
    MR_ASSIGN_OR_RETURN(options.csv.type_of_all, TypeNamed(value));
    return Status::Ok();
  }
  for (const auto& [column, type] : value.items()) {
    MR_ASSIGN_OR_RETURN(options.csv.types[column], TypeNamed(type));
  }
  return Status::Ok();
}

Status ParseDates(std::string_view name, const Json& value, ReaderOptions& options) {
  // Dates are found without being told; false is the way to keep them text.
  if (value.is_boolean()) {
    options.csv.infer_dates = value.get<bool>();
  } else if (!value.is_array()) {
    return Wrong(name, "true, false or a list of columns", value);
  }
  return Status::Ok();
}

Status ParseBadLines(std::string_view name, const Json& value, ReaderOptions& options) {
  using BadLines = CsvOptions::BadLines;
  if (value != "error" && value != "warn" && value != "skip") {
    return Wrong(name, "\"error\", \"warn\" or \"skip\"", value);
  }
  options.csv.bad_lines = value == "error"  ? BadLines::kError
                          : value == "warn" ? BadLines::kWarn
                                            : BadLines::kSkip;
  return Status::Ok();
}

Status ParseQuoting(std::string_view name, const Json& value, ReaderOptions& options) {
  constexpr int64_t kQuoteNone = 3;
  MR_ASSIGN_OR_RETURN(const int64_t quoting, Count(name, value));
  if (quoting > kQuoteNone) return Wrong(name, "0, 1, 2 or 3", value);
  if (quoting == kQuoteNone) options.csv.dialect.quote.reset();
  return Status::Ok();
}

Status ParseCompression(std::string_view name, const Json& value, ReaderOptions& options) {
  if (value.is_object()) {
    const Json member = value.value("member", Json(""));
    if (!member.is_string()) return Wrong("compression.member", "a file's name", member);
    options.text.zip_member = member.get<std::string>();
    return ParseCompression(name, value.value("method", Json("infer")), options);
  }
  if (value == "infer") return Status::Ok();
  if (value.is_null() || value == "none") {
    options.text.compression = Compression::kNone;
    return Status::Ok();
  }
  options.text.compression =
      value.is_string() ? CompressionFromString(value.get<std::string>()) : std::nullopt;
  if (!options.text.compression) {
    return Wrong(name, "\"infer\", null, \"gzip\", \"zip\", \"zstd\", \"bz2\" or \"xz\"", value);
  }
  return Status::Ok();
}

using Setter = std::function<Status(std::string_view name, const Json& value, ReaderOptions&)>;

Setter SetCharacter(std::optional<char> CsvDialect::*field) {
  return [field](std::string_view name, const Json& value, ReaderOptions& options) -> Status {
    MR_ASSIGN_OR_RETURN(options.csv.dialect.*field, Character(name, value));
    return Status::Ok();
  };
}
Setter SetFlag(bool CsvDialect::*field) {
  return [field](std::string_view name, const Json& value, ReaderOptions& options) -> Status {
    MR_ASSIGN_OR_RETURN(options.csv.dialect.*field, Flag(name, value));
    return Status::Ok();
  };
}
Setter SetList(std::vector<std::string> CsvOptions::*field) {
  return [field](std::string_view name, const Json& value, ReaderOptions& options) -> Status {
    MR_ASSIGN_OR_RETURN(options.csv.*field, TextList(name, value));
    return Status::Ok();
  };
}

/// read_csv's arguments that are honoured.
const std::map<std::string_view, Setter>& CsvSetters() {
  static const std::map<std::string_view, Setter> setters = {
      {"sep", ParseDelimiter},
      {"delimiter", ParseDelimiter},
      {"header", ParseHeader},
      {"names", SetList(&CsvOptions::names)},
      {"usecols", SetList(&CsvOptions::use_columns)},
      {"quotechar", SetCharacter(&CsvDialect::quote)},
      {"escapechar", SetCharacter(&CsvDialect::escape)},
      {"comment", SetCharacter(&CsvDialect::comment)},
      {"doublequote", SetFlag(&CsvDialect::doublequote)},
      {"skip_blank_lines", SetFlag(&CsvDialect::skip_blank_lines)},
      {"quoting", ParseQuoting},
      {"na_values", SetList(&CsvOptions::na_values)},
      {"parse_dates", ParseDates},
      {"on_bad_lines", ParseBadLines},
      {"dtype", [](auto, const Json& value, ReaderOptions& o) { return ParseTypes(value, o); }},
      {"skiprows",
       [](auto name, const Json& value, ReaderOptions& o) -> Status {
         MR_ASSIGN_OR_RETURN(o.csv.skip_rows, Count(name, value));
         return Status::Ok();
       }},
      {"keep_default_na",
       [](auto name, const Json& value, ReaderOptions& o) -> Status {
         MR_ASSIGN_OR_RETURN(o.csv.keep_default_na, Flag(name, value));
         return Status::Ok();
       }},
      {"decimal",
       [](auto name, const Json& value, ReaderOptions& o) -> Status {
         MR_ASSIGN_OR_RETURN(const std::optional<char> c, Character(name, value));
         if (!c) return Wrong(name, "one ASCII character", value);
         o.csv.decimal = *c;
         return Status::Ok();
       }},
      {"thousands",
       [](auto name, const Json& value, ReaderOptions& o) -> Status {
         MR_ASSIGN_OR_RETURN(o.csv.thousands, Character(name, value));
         return Status::Ok();
       }},
  };
  return setters;
}

/// What every text format takes.
const std::map<std::string_view, Setter>& TextSetters() {
  static const std::map<std::string_view, Setter> setters = {
      {"compression", ParseCompression},
      {"encoding",
       [](auto name, const Json& value, ReaderOptions& o) -> Status {
         if (!value.is_string()) return Wrong(name, "an encoding's name", value);
         o.text.encoding = value.get<std::string>();
         return Status::Ok();
       }},
      {"nrows",
       [](auto name, const Json& value, ReaderOptions& o) -> Status {
         if (value.is_null()) return Status::Ok();
         MR_ASSIGN_OR_RETURN(o.rows_max, Count(name, value));
         o.csv.rows_max = o.rows_max;
         return Status::Ok();
       }},
  };
  return setters;
}

const std::map<std::string_view, Setter>& JsonSetters() {
  static const std::map<std::string_view, Setter> setters = {
      {"lines",
       [](auto name, const Json& value, ReaderOptions& o) -> Status {
         MR_ASSIGN_OR_RETURN(o.json_lines, Flag(name, value));
         return Status::Ok();
       }},
      {"orient",
       [](auto, const Json& value, ReaderOptions&) -> Status {
         if (value.is_null() || value == "records") return Status::Ok();
         return ConfigError("reader_options: orient: only \"records\" is there, not {}",
                            value.dump());
       }},
  };
  return setters;
}

/// What of a sheet is read.
const std::map<std::string_view, Setter>& ExcelSetters() {
  static const std::map<std::string_view, Setter> setters = {
      {"sheet_name",
       [](auto name, const Json& value, ReaderOptions& o) -> Status {
         if (value.is_string()) {
           o.sheet_name = value.get<std::string>();
           return Status::Ok();
         }
         if (!value.is_number_integer()) return Wrong(name, "one sheet's name or number", value);
         MR_ASSIGN_OR_RETURN(const int64_t index, Count(name, value));
         o.sheet_index = static_cast<int>(std::min<int64_t>(index, INT32_MAX));
         return Status::Ok();
       }},
      {"usecols",
       [](auto name, const Json& value, ReaderOptions& o) -> Status {
         if (value.is_null()) return Status::Ok();
         if (!value.is_string()) {
           MR_ASSIGN_OR_RETURN(o.csv.use_columns, TextList(name, value));
           return Status::Ok();
         }
         o.use_letters = true;  // "A,C:E"
         const std::string letters = value.get<std::string>();
         for (size_t from = 0; from <= letters.size();) {
           const size_t comma = std::min(letters.find(',', from), letters.size());
           o.csv.use_columns.push_back(letters.substr(from, comma - from));
           from = comma + 1;
         }
         return Status::Ok();
       }},
  };
  return setters;
}

/// Of the arguments for text, those that mean the same for a sheet.
constexpr std::string_view kSheetArguments[] = {"header",    "names",           "skiprows",
                                                "na_values", "keep_default_na", "nrows"};

/// Arguments that tune pandas itself: nothing is lost without them.
constexpr std::string_view kNeedless[] = {"chunksize",  "engine",          "low_memory",
                                          "memory_map", "iterator",        "date_format",
                                          "verbose",    "encoding_errors", "infer_datetime_format",
                                          "cache_dates"};

Status Apply(const std::string& name, const Json& value, SourceFileFormat format,
             ReaderOptions& options) {
  std::vector<const std::map<std::string_view, Setter>*> tables;
  const bool excel = format == SourceFileFormat::kExcel;
  const bool of_sheets = std::find(std::begin(kSheetArguments), std::end(kSheetArguments), name) !=
                         std::end(kSheetArguments);
  if (excel) tables.push_back(&ExcelSetters());
  if (format != SourceFileFormat::kParquet && (!excel || of_sheets)) {
    tables.push_back(&TextSetters());
  }
  if (format == SourceFileFormat::kCsv || (excel && of_sheets)) tables.push_back(&CsvSetters());
  if (format == SourceFileFormat::kJson || format == SourceFileFormat::kJsonLines) {
    tables.push_back(&JsonSetters());
  }
  for (const auto* table : tables) {
    const auto setter = table->find(name);
    if (setter != table->end()) return setter->second(name, value, options);
  }
  for (const std::string_view needless : kNeedless) {
    if (needless == name) return Status::Ok();
  }
  Log(LogLevel::kWarn, "reader_options: '{}' is not known for this format and has no effect", name);
  return Status::Ok();
}

}  // namespace

Result<ReaderOptions> ParseReaderOptions(const std::string& text, SourceFileFormat format) {
  ReaderOptions options;
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) return options;
  const Json parsed = Json::parse(text, nullptr, false);
  if (!parsed.is_object()) {
    return ConfigError("reader_options must be a JSON object in text, like {{\"sep\": \";\"}}");
  }
  for (const auto& [name, value] : parsed.items()) {
    MR_RETURN_IF_ERROR(Apply(name, value, format, options));
  }
  // As in pandas, names without a header say that there is none (of text; a sheet has one).
  if (!options.csv.names.empty() && !parsed.contains("header") &&
      format != SourceFileFormat::kExcel) {
    options.csv.header.reset();
  }
  const CsvDialect& dialect = options.csv.dialect;
  if (dialect.quote == dialect.delimiter || dialect.escape == dialect.delimiter) {
    return ConfigError("reader_options: sep is also quotechar or escapechar");
  }
  return options;
}

}  // namespace millrace
