#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sources/rest/rest_parts.h"

namespace millrace {
namespace {

/// What starts and ends are compared in before they are written as the API wants them.
constexpr std::string_view kPlainFormat = "%Y-%m-%dT%H:%M:%SZ";
constexpr const char* kUsualFormat = "%Y-%m-%dT%H:%M:%SZ";

/// The formats that records' values are tried in besides the one of requests: what APIs write.
constexpr const char* kRecordFormats[] = {"%Y-%m-%dT%H:%M:%S.%f%z",
                                          "%Y-%m-%dT%H:%M:%S%z",
                                          "%Y-%m-%dT%H:%M:%S.%fZ",
                                          "%Y-%m-%dT%H:%M:%SZ",
                                          "%Y-%m-%dT%H:%M:%S.%f",
                                          "%Y-%m-%dT%H:%M:%S",
                                          "%Y-%m-%d"};

/// The smallest difference between two values of that format: where one window ends before the next
/// begins.
const char* GranularityOf(const std::string& format) {
  const auto has = [&format](const char* part) { return format.find(part) != std::string::npos; };
  if (has("%f") || has("microseconds") || has("%s_as_float")) return "PT0.000001S";
  if (has("%ms") || has("%_ms")) return "PT0.001S";
  if (has("%S") || has("%s") || has("%T") || has("%c")) return "PT1S";
  if (has("%M")) return "PT1M";
  return has("%H") ? "PT1H" : "P1D";
}

/// When the first sync begins.
Result<Json> StartOf(const RestNode& node, const std::string& format) {
  MR_ASSIGN_OR_RETURN(const std::string start, node.Text("start"));
  Json made = RestComponent("MinMaxDatetime");
  if (start.find("{{") != std::string::npos) {
    made["datetime"] = start;
    made["datetime_format"] = format;
    return made;
  }
  std::string moment = "'1970-01-01'";
  if (!start.empty()) {
    moment = RestQuoted(start);
  } else if (node.config().contains("start_date")) {
    moment = "config['start_date']";
  }
  made["datetime"] = fmt::format("{{{{ format_datetime({}, '{}') }}}}", moment, kPlainFormat);
  made["datetime_format"] = kPlainFormat;
  return made;
}

}  // namespace

Result<Json> RestCursor(const RestNode& node, bool whole) {
  MR_ASSIGN_OR_RETURN(const std::string field, node.NeededText("cursor_field"));
  MR_ASSIGN_OR_RETURN(const std::string format, node.Text("datetime_format", kUsualFormat));
  MR_ASSIGN_OR_RETURN(const std::string start_name, node.Text("start_param"));
  MR_ASSIGN_OR_RETURN(const std::string end_name, node.Text("end_param"));
  MR_ASSIGN_OR_RETURN(const std::string step, node.Text("step"));
  MR_ASSIGN_OR_RETURN(const std::string lookback, node.Text("lookback_window"));
  Json made = RestComponent("DatetimeBasedCursor");
  made["cursor_field"] = field;
  made["datetime_format"] = format;
  MR_ASSIGN_OR_RETURN(const auto formats, node.Names("cursor_datetime_formats"));
  Json& all = made["cursor_datetime_formats"] = formats;
  for (const char* usual : kRecordFormats) {
    if (usual != format) all.push_back(usual);
  }
  MR_ASSIGN_OR_RETURN(made["start_datetime"], StartOf(node, format));
  if (start_name.empty()) {
    if (!step.empty()) {
      return node.FieldError("step", "needs start_param: the API is to give a part of its records");
    }
    made["is_client_side_incremental"] = true;
  } else {
    MR_ASSIGN_OR_RETURN(made["start_time_option"],
                        RestRequestOption(node, "inject_into", start_name));
  }
  if (!end_name.empty()) {
    MR_ASSIGN_OR_RETURN(made["end_time_option"], RestRequestOption(node, "inject_into", end_name));
  }
  if (!step.empty() && !whole) {
    made["step"] = step;
    made["cursor_granularity"] = GranularityOf(format);
  }
  if (!lookback.empty()) made["lookback_window"] = lookback;
  return made;
}

}  // namespace millrace
