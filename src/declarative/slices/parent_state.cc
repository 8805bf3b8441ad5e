#include "declarative/slices/parent_state.h"

#include <fmt/format.h>

#include "declarative/jinja/py_operators.h"
#include "declarative/slices/datetime_settings.h"
#include "protocol/no_cursor_state.h"

namespace millrace {
namespace {

/// A state of old: only a text or a number can be a position of the parent's.
bool IsPosition(const PyValue& value) {
  return value.is_str() || value.is_int() || value.is_float() ||
         value.kind() == PyValue::Kind::kBigInt;
}

}  // namespace

Result<PyValue> StateOfParent(const Component& stream, bool incremental,
                              const StreamSlicing& slicing) {
  const PyValue none = PyValue(PyDict());
  if (!incremental || !slicing.state.is_dict()) return none;
  // A stream that was once read as a whole left a mark that says nothing about its parents.
  PyDict child = slicing.state.dict();
  child.Erase(std::string_view(kNoCursorKey));
  if (child.empty()) return none;
  MR_ASSIGN_OR_RETURN(const std::string name, stream.TextOr("name", ""));
  if (const PyValue* parents = child.Find("parent_state")) {
    const PyValue* state = parents->Find(name);
    if (state != nullptr) return state->is_dict() ? *state : none;
    slicing.environment->messages->Log(
        LogLevel::kInfo, fmt::format("the state of stream {} says nothing about its parent {}",
                                     slicing.stream, name));
  }
  if (const PyValue* global = child.Find("state")) return global->is_dict() ? *global : none;
  if (child.size() != 1 || !IsPosition(child.begin()->second)) return none;
  const Component* reader = &stream;
  std::optional<Component> delegated;
  if (stream.type() == "StateDelegatingStream") {
    MR_ASSIGN_OR_RETURN(delegated, stream.Child("incremental_stream"));
    reader = &*delegated;
  }
  MR_ASSIGN_OR_RETURN(const std::optional<Component> cursor, reader->ChildIf("incremental_sync"));
  if (!cursor) return none;
  MR_ASSIGN_OR_RETURN(const std::string field, CursorFieldOf(*cursor, "", *slicing.environment));
  return PyValue(PyDict{{PyValue(field), child.begin()->second}});
}

}  // namespace millrace
