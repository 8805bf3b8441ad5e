// Answers each line of its input, a JSON text that holds a manifest's YAML, with a line of JSON:
// ["ok", Python's repr of what the manifest becomes] or ["error", why it is refused]. With the
// argument "normalized" it is brought into the builder's form as well, with "yaml" it is only read.
// For bench/declarative/manifest_differential.py.
#include <fmt/format.h>

#include <iostream>
#include <string>

#include "declarative/jinja/py_json.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/manifest/manifest.h"
#include "declarative/manifest/manifest_normalizer.h"
#include "declarative/manifest/yaml_reader.h"

namespace millrace {
namespace {

PyValue Answer(const PyValue& text, std::string_view form) {
  if (form == "yaml") {
    const Result<PyValue> value = ReadYaml(text.str());
    if (!value.ok()) return PyValue::List({"error", value.status().ToString()});
    return PyValue::List({"ok", PyRepr(*value)});
  }
  const Result<Manifest> manifest = LoadManifest(text.str());
  if (!manifest.ok()) return PyValue::List({"error", manifest.status().ToString()});
  return PyValue::List({"ok", PyRepr(form == "normalized" ? NormalizeManifest(manifest->tree())
                                                          : manifest->tree())});
}

}  // namespace
}  // namespace millrace

int main(int count, char** arguments) {
  const std::string_view form = count > 1 ? arguments[1] : "";
  std::string line;
  while (std::getline(std::cin, line)) {
    const millrace::Result<millrace::PyValue> text =
        millrace::ParsePyJson(line, millrace::PyJsonDialect::kPython);
    if (!text.ok() || !text->is_str()) return 2;
    std::string answer;
    if (!millrace::AppendPyJson(millrace::Answer(*text, form), {}, &answer).ok()) return 1;
    std::cout << answer << std::endl;
  }
  return 0;
}
