#include "verify/stream_verdict.h"

#include <nlohmann/json.hpp>

#include "protocol/catalog.h"

namespace millrace {
namespace {

Json RowJson(const FaultyRow& row) {
  Json json{{"fault", row.fault}, {"key", Json::object()}};
  for (const auto& [column, value] : row.key) json["key"][column] = value;
  if (row.values.empty()) return json;
  json["columns"] = Json::array();
  for (const FaultyRow::Value& value : row.values) {
    Json column{
        {"name", value.column}, {"source", value.source}, {"destination", value.destination}};
    if (!value.noted.empty()) column["noted"] = value.noted;
    json["columns"].push_back(std::move(column));
  }
  return json;
}

std::string_view MeaningName(TableMeaning meaning) {
  switch (meaning) {
    case TableMeaning::kMirror:
      return "mirror";
    case TableMeaning::kHistory:
      return "history";
    case TableMeaning::kCopies:
      break;
  }
  return "copies";
}

}  // namespace

Json ToJson(const StreamVerdict& verdict) {
  Json json = ToJson(verdict.stream);
  json["status"] = verdict.error ? "failed" : verdict.same() ? "same" : "different";
  json["destination"] = ToJson(verdict.destination);
  json["compared_as"] = MeaningName(verdict.meaning);
  json["incremental"] = verdict.incremental;
  json["primary_key"] = verdict.key;
  json["columns"] = verdict.compared_columns;
  if (verdict.cursor_field) json["cursor_field"] = *verdict.cursor_field;
  if (verdict.saved_cursor) json["saved_cursor"] = *verdict.saved_cursor;
  json["rows"] = {{"source", verdict.source_rows}, {"destination", verdict.destination_rows}};
  json["left_out"] = {{"newer_at_source", verdict.left_out.newer_at_source},
                      {"without_cursor", verdict.left_out.without_cursor},
                      {"replaced_at_source", verdict.left_out.replaced_at_source},
                      {"newer_in_destination", verdict.left_out.newer_in_destination},
                      {"deleted", verdict.left_out.deleted}};
  json["faults"] = {{"missing", verdict.counts.missing},
                    {"different", verdict.counts.different},
                    {"extra", verdict.counts.extra},
                    {"doubled", verdict.counts.doubled},
                    {"at_least", !verdict.counts_complete}};
  json["noted"] = verdict.counts.noted;
  json["older_versions"] = verdict.counts.older;
  json["different_columns"] = verdict.different_columns;
  json["different_ranges"] = verdict.ranges_different;
  json["ranges"] = Json::array();
  for (const FaultyRange& range : verdict.ranges) {
    json["ranges"].push_back(
        {{"from", range.from},
         {"to", range.to},
         {"rows", {{"source", range.source_rows}, {"destination", range.destination_rows}}},
         {"columns", range.columns}});
  }
  json["faulty_rows"] = Json::array();
  for (const FaultyRow& row : verdict.rows) json["faulty_rows"].push_back(RowJson(row));
  json["notes"] = verdict.notes;
  return json;
}

}  // namespace millrace
