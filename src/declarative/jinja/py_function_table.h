#pragma once

#include <span>
#include <string_view>

#include "declarative/jinja/py_function.h"

namespace millrace {

/// One function that templates can call by name.
struct PyNamedFunction {
  std::string_view name;
  PyFunction function;
};
using PyFunctionTable = std::span<const PyNamedFunction>;

// The families, each in a file of its own.
PyFunctionTable JinjaTextFilters();
PyFunctionTable JinjaHtmlFilters();
PyFunctionTable JinjaNumberFilters();
PyFunctionTable JinjaListFilters();
PyFunctionTable JinjaSelectFilters();
PyFunctionTable CdkFilters();
PyFunctionTable JinjaTests();
PyFunctionTable JinjaGlobals();
PyFunctionTable CdkMacros();

PyFunctionTable PyTextMethods();
PyFunctionTable PyTextSearchMethods();
PyFunctionTable PyBytesMethods();
PyFunctionTable PyListMethods();
PyFunctionTable PyTupleMethods();
PyFunctionTable PyDictMethods();
PyFunctionTable PySetMethods();
PyFunctionTable PySliceMethods();
PyFunctionTable PyIntMethods();
PyFunctionTable PyFloatMethods();
PyFunctionTable PyDateTimeMethods();
PyFunctionTable PyDateMethods();
PyFunctionTable PyTimeDeltaMethods();
PyFunctionTable PyDurationMethods();

}  // namespace millrace
