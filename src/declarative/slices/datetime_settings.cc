#include "declarative/slices/datetime_settings.h"

#include <array>
#include <utility>

#include "base/micros_per_day.h"
#include "declarative/jinja/py_operators.h"

namespace millrace {
namespace {

constexpr CursorGap kSecond{.micros = 1'000'000};
constexpr CursorGap kDay{.micros = kMicrosPerDay};

constexpr std::array<std::string_view, 7> kWeekdays = {
    "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"};

struct ClampingKind {
  std::string_view name;
  Clamping::Target target;
  CursorGap end_unit;  // when the cursor has no granularity
};
constexpr std::array<ClampingKind, 3> kClampings = {{
    {"DAY", Clamping::Target::kDay, kSecond},
    {"WEEK", Clamping::Target::kWeek, kDay},
    {"MONTH", Clamping::Target::kMonth, kDay},
}};

/// None when the field is missing or its template comes to nothing.
Result<std::optional<CursorGap>> GapOf(const Component& cursor, std::string_view field,
                                       const EngineEnvironment& environment) {
  MR_ASSIGN_OR_RETURN(const InterpolatedString text, cursor.Template(field));
  if (text.empty()) return std::optional<CursorGap>();
  const InterpolationContext context(*environment.clock, environment.config);
  MR_ASSIGN_OR_RETURN(const PyValue value, text.Evaluate(context));
  if (!PyTruthy(value)) return std::optional<CursorGap>();
  Result<CursorGap> gap = ParseCursorGap(PyStr(value));
  if (!gap.ok()) {
    return cursor.FieldError(
        field, "'" + PyStr(value) + "' is no duration such as P1D: " + gap.status().ToString());
  }
  return std::optional<CursorGap>(*gap);
}

Status ReadClamping(const Component& cursor, const EngineEnvironment& environment,
                    DatetimeSettings* settings) {
  const PyValue* given = cursor.Field("clamping");
  if (given == nullptr) return Status::Ok();
  if (!given->is_dict()) return cursor.FieldError("clamping", "is no component");
  // It need not have a type, and its templates see the cursor's parameters.
  const PyValue* target = given->Find("target");
  if (target == nullptr || !target->is_str()) {
    return cursor.FieldError("clamping", "has no target: DAY, WEEK or MONTH");
  }
  const InterpolationContext context(*environment.clock, environment.config);
  MR_ASSIGN_OR_RETURN(const std::string name,
                      InterpolatedString(target->str(), cursor.parameters()).EvaluateText(context));
  const ClampingKind* found = nullptr;
  for (const ClampingKind& kind : kClampings) {
    if (kind.name == name) found = &kind;
  }
  if (found == nullptr) {
    return cursor.FieldError("clamping",
                             "has the target '" + name + "'; there are DAY, WEEK and MONTH");
  }
  settings->clamping.target = found->target;
  settings->clamped_end_unit = settings->granularity.value_or(found->end_unit);
  if (found->target != Clamping::Target::kWeek) return Status::Ok();
  const PyValue* details = given->Find("target_details");
  const PyValue* weekday = details == nullptr ? nullptr : details->Find("weekday");
  if (weekday == nullptr) {
    return cursor.FieldError("clamping", "is by WEEK and needs target_details.weekday");
  }
  for (size_t day = 0; day < kWeekdays.size(); ++day) {
    if (!weekday->is_str() || weekday->str() != kWeekdays[day]) continue;
    settings->clamping.weekday = static_cast<int>(day);
    return Status::Ok();
  }
  return cursor.FieldError("clamping", "has an unknown weekday; there is MONDAY, …");
}

Status ReadGaps(const Component& cursor, const EngineEnvironment& environment,
                DatetimeSettings* settings) {
  MR_ASSIGN_OR_RETURN(const std::string step, cursor.TextOr("step", ""));
  MR_ASSIGN_OR_RETURN(const std::string granularity, cursor.TextOr("cursor_granularity", ""));
  if (step.empty() != granularity.empty()) {
    return cursor.Error("step and cursor_granularity must both be set or both be left out");
  }
  if (!granularity.empty()) {
    Result<CursorGap> gap = ParseCursorGap(granularity);
    if (!gap.ok()) {
      return cursor.FieldError(
          "cursor_granularity",
          "'" + granularity + "' is no duration such as PT1S: " + gap.status().ToString());
    }
    if (!gap->empty()) settings->granularity = *gap;
  }
  MR_ASSIGN_OR_RETURN(settings->step, GapOf(cursor, "step", environment));
  MR_ASSIGN_OR_RETURN(settings->lookback, GapOf(cursor, "lookback_window", environment));
  if (settings->lookback && settings->lookback->empty()) settings->lookback.reset();
  return Status::Ok();
}

}  // namespace

Result<std::string> CursorFieldOf(const Component& cursor, const std::string& configured_cursor,
                                  const EngineEnvironment& environment) {
  MR_ASSIGN_OR_RETURN(const bool chosen,
                      cursor.BoolOr("allow_catalog_defined_cursor_field", false));
  if (chosen && !configured_cursor.empty()) return configured_cursor;
  if (!cursor.Has("cursor_field")) return cursor.FieldError("cursor_field", "is missing");
  MR_ASSIGN_OR_RETURN(const InterpolatedString field, cursor.Template("cursor_field"));
  return field.EvaluateText(InterpolationContext(*environment.clock, environment.config));
}

Result<std::shared_ptr<const DatetimeSettings>> DatetimeSettings::Make(
    const Component& cursor, const std::string& stream, const std::string& configured_cursor,
    const EngineEnvironment& environment) {
  auto settings = std::make_shared<DatetimeSettings>();
  settings->stream = stream;
  settings->environment = &environment;
  MR_ASSIGN_OR_RETURN(settings->cursor_is_chosen_by_user,
                      cursor.BoolOr("allow_catalog_defined_cursor_field", false));
  MR_ASSIGN_OR_RETURN(settings->cursor_field,
                      CursorFieldOf(cursor, configured_cursor, environment));
  const InterpolationContext context(*environment.clock, environment.config);
  for (const auto& [name, missing, field] :
       {std::tuple("partition_field_start", "start_time", &settings->start_field),
        std::tuple("partition_field_end", "end_time", &settings->end_field)}) {
    MR_ASSIGN_OR_RETURN(const InterpolatedString text, cursor.Template(name, missing));
    MR_ASSIGN_OR_RETURN(*field, text.EvaluateText(context));
  }
  MR_ASSIGN_OR_RETURN(const std::string format, cursor.Text("datetime_format"));
  MR_ASSIGN_OR_RETURN(std::vector<std::string> others, cursor.TextList("cursor_datetime_formats"));
  settings->formats = CursorFormats(format, std::move(others));
  MR_RETURN_IF_ERROR(ReadGaps(cursor, environment, settings.get()));
  MR_ASSIGN_OR_RETURN(settings->start, MinMaxDatetime::Make(cursor, "start_datetime", format));
  const PyValue* end = cursor.Field("end_datetime");
  if (end != nullptr && PyTruthy(*end)) {
    MR_ASSIGN_OR_RETURN(settings->end, MinMaxDatetime::Make(cursor, "end_datetime", format));
  }
  MR_RETURN_IF_ERROR(ReadClamping(cursor, environment, settings.get()));
  MR_ASSIGN_OR_RETURN(settings->start_equal_end_refused,
                      cursor.BoolOr("is_compare_strictly", false));
  return std::shared_ptr<const DatetimeSettings>(std::move(settings));
}

Result<CursorTime> DatetimeSettings::End() const {
  CursorTime time{environment->clock->WallNow().time_since_epoch().count()};
  if (end) {
    MR_ASSIGN_OR_RETURN(time, end->Evaluate(*environment));
  }
  if (clamping.target == Clamping::Target::kNone) return time;
  MR_ASSIGN_OR_RETURN(time, clamping.Down(time));
  return Earlier(time, clamped_end_unit);
}

}  // namespace millrace
