// A reply's records are the same whether they are taken from its text or from its values.

#include <cstdint>
#include <string>

#include "base/check.h"
#include "declarative/jinja/py_json.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_path.h"
#include "declarative/records/raw_records.h"
#include "formats/json_scanner.h"

namespace millrace {
namespace {

/// What a DpathExtractor finds in the values.
std::string FromValues(const PyValue& page, const std::vector<std::string>& path) {
  std::string records;
  const PyList elements = page.is_list() ? page.items() : PyList{page};
  for (const PyValue& element : elements) {
    const Result<PyValue> found =
        path.empty() ? Result<PyValue>(element) : PyPath(path).Get(element, PyValue::List());
    MR_CHECK(found.ok(), "a plain path matches once at most");
    if (found->is_list()) {
      for (const PyValue& record : found->items()) records += PyRepr(record) + "\n";
    } else if (PyTruthy(*found)) {
      records += PyRepr(*found) + "\n";
    }
  }
  return records;
}

void Compare(const std::string& body, const std::vector<std::string>& path) {
  const std::string padded = body + std::string(JsonScanner::kPadding, '\0');
  const auto found = FindRawRecords(std::string_view(padded).substr(0, body.size()), path);
  if (!found) return;
  const Result<PyValue> page = ParsePyJson(std::string_view(body));
  MR_CHECK(page.ok(), "a page with records in its text is JSON");
  std::string records;
  for (const std::string_view text : *found) {
    const Result<PyValue> record = ParsePyJson(text);
    MR_CHECK(record.ok(), "a record in the text is JSON");
    records += PyRepr(*record) + "\n";
  }
  MR_CHECK(records == FromValues(*page, path), "text and values have the same records");
}

}  // namespace
}  // namespace millrace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string body(reinterpret_cast<const char*>(data), size);
  for (const std::vector<std::string>& path :
       {std::vector<std::string>{}, {"data"}, {"a", "data"}}) {
    millrace::Compare(body, path);
  }
  return 0;
}
