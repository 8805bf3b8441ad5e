#include "declarative/requests/python_number.h"

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_number_text.h"
#include "declarative/jinja/py_operators.h"

namespace millrace {

Result<int64_t> PyInt64Of(const PyValue& value) {
  MR_ASSIGN_OR_RETURN(const PyValue number, PyToInt(value));
  if (number.is_int()) return number.as_int();
  return PyError("ValueError", PyRepr(value) + " is too large a number");
}

}  // namespace millrace
