#include "declarative/records/record_filter.h"

#include <string>

namespace millrace {

Result<RecordFilter> RecordFilter::Make(const Component& component) {
  if (component.type() != "RecordFilter") return component.UnknownType("a record filter");
  RecordFilter made;
  MR_ASSIGN_OR_RETURN(const std::string condition, component.TextOr("condition", ""));
  made.has_condition_ = !condition.empty();
  made.condition_ = InterpolatedBoolean(PyValue(condition), component.parameters());
  return made;
}

}  // namespace millrace
