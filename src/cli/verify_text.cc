#include "cli/verify_text.h"

#include <nlohmann/json.hpp>

#include "cli/amount_text.h"
#include "cli/console.h"

namespace millrace {
namespace {

struct FaultWord {
  const char *fault, *sign, *title;
};
constexpr FaultWord kFaults[] = {
    {"missing", "-", "missing in the destination"},
    {"extra", "+", "not at the source"},
    {"different", "~", "different"},
    {"doubled", "2", "more than once in the destination"},
};
struct LeftOutWord {
  const char *field, *text;
};
constexpr LeftOutWord kLeftOut[] = {
    {"newer_at_source", "at the source are newer than the last sync"},
    {"replaced_at_source", "in the destination have a newer version at the source"},
    {"newer_in_destination", "in the destination are newer than the saved cursor"},
    {"without_cursor", "have no cursor value: such rows are never synced"},
    {"deleted", "in the destination are marked as deleted"},
};

std::string NameOf(const Json& stream) {
  const Json space = stream.value("namespace", Json());
  const std::string name = stream.value("name", "");
  return space.is_string() ? space.get<std::string>() + "." + name : name;
}

std::string TableOf(const Json& streams, const Console::Style& style) {
  std::vector<std::vector<std::string>> rows = {
      {"STREAM", "STATUS", "SOURCE", "DESTINATION", "MISSING", "EXTRA", "DIFFERENT", "DOUBLED"}};
  for (const Json& stream : streams) {
    std::vector<std::string> row = {NameOf(stream), stream.value("status", "")};
    for (const char* side : {"source", "destination"}) {
      row.push_back(CountText(stream["rows"].value(side, int64_t{0})));
    }
    for (const char* fault : {"missing", "extra", "different", "doubled"}) {
      row.push_back(CountText(stream["faults"].value(fault, int64_t{0})));
    }
    rows.push_back(std::move(row));
  }
  return FormatTable(rows, {false, false, true, true, true, true, true, true}, style);
}

std::string KeyText(const Json& row) {
  std::string text;
  for (const auto& [column, value] : row["key"].items()) {
    text += fmt::format("{}{}={}", text.empty() ? "" : ", ", column, value.get<std::string>());
  }
  return VisibleText(text);
}

std::string RowsText(const Json& stream, const FaultWord& word) {
  std::string text;
  for (const Json& row : stream["faulty_rows"]) {
    if (row.value("fault", "") != word.fault) continue;
    text += fmt::format("    {} {}\n", word.sign, KeyText(row));
    for (const Json& column : row.value("columns", Json::array())) {
      const std::string noted = column.value("noted", "");
      text += fmt::format(
          "        {}: source {} | destination {}{}\n", VisibleText(column.value("name", "")),
          VisibleText(column.value("source", "")), VisibleText(column.value("destination", "")),
          noted.empty() ? "" : fmt::format(" (noted in _airbyte_meta: {})", noted));
    }
  }
  return text;
}

std::string NamesText(const Json& names) {
  std::string text;
  for (const Json& name : names) text += (text.empty() ? "" : ", ") + name.get<std::string>();
  return VisibleText(text);
}

std::string RangesText(const Json& stream) {
  const auto different = stream.value("different_ranges", int64_t{0});
  if (different == 0) return "";
  const Json& key = stream["primary_key"];
  std::string text = fmt::format("  checksums differ in {} {} of {}:\n", CountText(different),
                                 different == 1 ? "range" : "ranges",
                                 key.empty() ? "the key" : key.front().get<std::string>());
  constexpr int64_t kShownMax = 5;
  int64_t shown = 0;
  for (const Json& range : stream["ranges"]) {
    if (shown++ == kShownMax) break;
    text += fmt::format(
        "    {} to {}: {} rows at the source, {} in the destination; {}\n", range.value("from", ""),
        range.value("to", ""), CountText(range["rows"].value("source", int64_t{0})),
        CountText(range["rows"].value("destination", int64_t{0})), NamesText(range["columns"]));
  }
  if (different > kShownMax) text += "    … (--json lists 20)\n";
  return text;
}

std::string DetailsOf(const Json& stream, const Console::Style& style) {
  std::string text;
  if (stream.contains("error")) {
    text += fmt::format("  {}{}{}\n", style.red, stream["error"].value("message", ""), style.reset);
  }
  const bool at_least = stream["faults"].value("at_least", false);
  for (const FaultWord& word : kFaults) {
    const auto count = stream["faults"].value(word.fault, int64_t{0});
    if (count == 0) continue;
    text += fmt::format("  {}{}{} {}{}\n", style.red, at_least ? "at least " : "", CountText(count),
                        word.title, style.reset);
    text += RowsText(stream, word);
  }
  const Json columns = stream.value("different_columns", Json::array());
  if (!columns.empty()) {
    text += fmt::format("  columns whose checksums differ: {}\n", NamesText(columns));
  }
  text += RangesText(stream);
  for (const LeftOutWord& word : kLeftOut) {
    const auto count = stream["left_out"].value(word.field, int64_t{0});
    if (count > 0) text += fmt::format("  left out: {} rows {}\n", CountText(count), word.text);
  }
  for (const Json& note : stream["notes"]) {
    text += fmt::format("  note: {}\n", VisibleText(note.get<std::string>()));
  }
  if (text.empty()) return "";
  return fmt::format("\n{}{}{}\n{}", style.bold, VisibleText(NameOf(stream)), style.reset, text);
}

}  // namespace

std::string VerifyText(const std::string& connection, const Json& streams) {
  const Console::Style& style = Console::OutStyle();
  std::string text = "\n" + TableOf(streams, style);
  int64_t wrong = 0;
  for (const Json& stream : streams) {
    text += DetailsOf(stream, style);
    if (stream.value("status", "") != "same") ++wrong;
  }
  text += fmt::format("\n{}{}{}{}: ", style.bold, wrong == 0 ? style.green : style.red, connection,
                      style.reset);
  const std::string all = CountText(static_cast<int64_t>(streams.size()), "stream");
  if (wrong == 0) return text + fmt::format("source and destination are the same in {}\n", all);
  return text + fmt::format("{} of {} not the same\n", wrong, all);
}

}  // namespace millrace
