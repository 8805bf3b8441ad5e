#include "declarative/slices/min_max_datetime.h"

#include <algorithm>

#include "declarative/slices/cursor_formats.h"

namespace millrace {

Result<MinMaxDatetime> MinMaxDatetime::Make(const Component& cursor, std::string_view field,
                                            const std::string& format) {
  MinMaxDatetime made;
  made.format_ = format;
  const PyValue* value = cursor.Field(field);
  if (value == nullptr) return cursor.FieldError(field, "is missing");
  if (!value->is_dict()) {
    MR_ASSIGN_OR_RETURN(made.datetime_, cursor.Template(field));
    return made;
  }
  MR_ASSIGN_OR_RETURN(const Component bounded, cursor.Child(field));
  if (bounded.type() != "MinMaxDatetime") return bounded.UnknownType("MinMaxDatetime");
  if (!bounded.Has("datetime")) return bounded.FieldError("datetime", "is missing");
  MR_ASSIGN_OR_RETURN(made.datetime_, bounded.Template("datetime"));
  MR_ASSIGN_OR_RETURN(const std::string own, bounded.TextOr("datetime_format", ""));
  if (!own.empty()) made.format_ = own;
  for (const auto& [name, bound] :
       {std::pair("min_datetime", &made.min_), std::pair("max_datetime", &made.max_)}) {
    MR_ASSIGN_OR_RETURN(InterpolatedString text, bounded.Template(name));
    if (!text.empty()) *bound = std::move(text);
  }
  return made;
}

Result<CursorTime> MinMaxDatetime::Evaluate(const EngineEnvironment& environment) const {
  const InterpolationContext context(*environment.clock, environment.config);
  MR_ASSIGN_OR_RETURN(std::string text, datetime_.EvaluateText(context));
  MR_ASSIGN_OR_RETURN(CursorTime time, ParseCursorTime(PyValue(std::move(text)), format_));
  if (min_) {
    MR_ASSIGN_OR_RETURN(std::string bound, min_->EvaluateText(context));
    if (!bound.empty()) {
      MR_ASSIGN_OR_RETURN(const CursorTime least, ParseCursorTime(PyValue(bound), format_));
      time = std::max(time, least);
    }
  }
  if (max_) {
    MR_ASSIGN_OR_RETURN(std::string bound, max_->EvaluateText(context));
    if (!bound.empty()) {
      MR_ASSIGN_OR_RETURN(const CursorTime most, ParseCursorTime(PyValue(bound), format_));
      time = std::min(time, most);
    }
  }
  return time;
}

}  // namespace millrace
