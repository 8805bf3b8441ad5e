#include "declarative/slices/full_refresh_cursor.h"

#include "declarative/jinja/py_operators.h"
#include "protocol/no_cursor_state.h"

namespace millrace {

Result<PyValue> FullRefreshCursor::State() const {
  return PyValue(PyDict{{PyValue(kNoCursorKey), PyValue(true)}});
}

Result<std::optional<WallTime>> FullRefreshCursor::TimeOfState(const PyValue& state) const {
  const PyValue* whole = state.Find(kNoCursorKey);
  if (whole == nullptr || !PyTruthy(*whole)) return std::optional<WallTime>();
  return std::optional<WallTime>(clock_.WallNow());
}

}  // namespace millrace
