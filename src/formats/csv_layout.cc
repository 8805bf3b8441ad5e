#include "formats/csv_layout.h"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "formats/csv_row_reader.h"

namespace millrace {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

struct Place {
  int64_t offset = 0;
  int64_t line = 1;
};

/// Goes over lines, whatever is in them: into how many fields they fall does not matter.
Result<Place> SkipLines(const OpenTextAt& open, Place place, int64_t count) {
  if (count == 0) return place;
  CsvDialect lines;
  lines.quote.reset();
  lines.skip_blank_lines = false;
  MR_ASSIGN_OR_RETURN(const std::unique_ptr<ByteReader> text, open(place.offset));
  CsvRowReader reader(*text, lines, place.line);
  for (int64_t skipped = 0; skipped < count; ++skipped) {
    MR_ASSIGN_OR_RETURN(const bool more, reader.Next());
    if (!more) break;
  }
  return Place{place.offset + reader.next_offset(), reader.next_line()};
}

/// Where the text begins: behind its byte order mark.
Result<Place> SkipByteOrderMark(const OpenTextAt& open) {
  Place place;
  MR_ASSIGN_OR_RETURN(const std::unique_ptr<ByteReader> start, open(0));
  std::string head(kByteOrderMark.size(), '\0');
  size_t got = 0;
  while (got < head.size()) {
    MR_ASSIGN_OR_RETURN(const int64_t read,
                        start->Read(head.data() + got, static_cast<int64_t>(head.size() - got)));
    if (read == 0) break;
    got += static_cast<size_t>(read);
  }
  if (got == head.size() && head == kByteOrderMark) place.offset = static_cast<int64_t>(got);
  return place;
}

std::vector<std::string> Values(const CsvRowReader& reader) {
  std::vector<std::string> values;
  std::string scratch;
  for (const CsvField& field : reader.fields()) {
    values.emplace_back(reader.Decode(field, scratch));
  }
  return values;
}

}  // namespace

std::vector<std::string> UniqueColumnNames(std::vector<std::string> names) {
  std::set<std::string> taken;
  for (const std::string& name : names) taken.insert(name);
  std::set<std::string> seen;
  for (size_t at = 0; at < names.size(); ++at) {
    if (names[at].empty()) names[at] = fmt::format("Unnamed: {}", at);
    if (seen.insert(names[at]).second) continue;
    for (int64_t count = 1;; ++count) {
      std::string other = fmt::format("{}.{}", names[at], count);
      if (taken.contains(other) || !seen.insert(other).second) continue;
      names[at] = std::move(other);
      break;
    }
  }
  return names;
}

Result<CsvLayout> ReadCsvLayout(const OpenTextAt& open, const CsvOptions& options) {
  MR_ASSIGN_OR_RETURN(const Place start, SkipByteOrderMark(open));
  MR_ASSIGN_OR_RETURN(const Place head, SkipLines(open, start, options.skip_rows));
  MR_ASSIGN_OR_RETURN(const std::unique_ptr<ByteReader> text, open(head.offset));
  CsvRowReader reader(*text, options.dialect, head.line);
  CsvLayout layout{options.names, head.offset, head.line};
  if (!options.header) {
    MR_ASSIGN_OR_RETURN(const bool any, reader.Next());
    if (!any && options.names.empty()) return ConfigError("the file is empty: it has no columns");
    for (size_t at = layout.names.size(); at < reader.fields().size() && options.names.empty();
         ++at) {
      layout.names.push_back(fmt::format("{}{}", options.position_prefix, at));
    }
    layout.names = UniqueColumnNames(std::move(layout.names));
    return layout;
  }
  for (int row = 0; row <= *options.header; ++row) {
    MR_ASSIGN_OR_RETURN(const bool any, reader.Next());
    if (any) continue;
    if (row == 0) return ConfigError("the file is empty: it has no header row");
    return ConfigError("the file has {} rows: row {} can't be its header (reader_options: header)",
                       row, *options.header);
  }
  if (options.names.empty()) {
    layout.names = Values(reader);
  } else if (options.names.size() != reader.fields().size()) {
    return ConfigError("reader_options: names lists {} columns, the header on line {} has {}",
                       options.names.size(), reader.line(), reader.fields().size());
  }
  layout.names = UniqueColumnNames(std::move(layout.names));
  MR_ASSIGN_OR_RETURN(const Place data,
                      SkipLines(open, {head.offset + reader.next_offset(), reader.next_line()},
                                options.skip_rows_after_header));
  layout.data_offset = data.offset;
  layout.data_line = data.line;
  return layout;
}

}  // namespace millrace
