// Any bytes as a template over a configuration: evaluating ends, with a value or an error, and
// gives the same whether its text is read as a literal at once or after the fact.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "declarative/jinja/compiled_template.h"
#include "declarative/jinja/interpolation.h"
#include "declarative/jinja/jinja_lexer.h"
#include "declarative/jinja/py_operators.h"

namespace millrace {
namespace {

PyValue Config() {
  PyDict nested;
  nested.Set("k", PyValue("v"));
  nested.Set("items", PyValue::List({PyValue(1), PyValue(2.5), PyValue()}));
  PyDict config;
  config.Set("s", PyValue("text"));
  config.Set("n", PyValue(5));
  config.Set("l", PyValue::List({PyValue(3), PyValue("a"), PyValue(true)}));
  config.Set("d", PyValue(std::move(nested)));
  return PyValue(std::move(config));
}

}  // namespace
}  // namespace millrace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  constexpr size_t kTemplateMax = 4096;
  if (size > kTemplateMax) return 0;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const PyValue config = Config();
  InterpolationContext context(Clock::System(), config);
  context.Set("record", config);

  const InterpolatedString interpolated(text, PyValue(PyDict()));
  const Result<PyValue> value = interpolated.Evaluate(context);
  if (value.ok()) {
    // Whatever comes out can be printed, compared and read again.
    const std::string printed = PyRepr(*value);
    MR_CHECK(value->DeepCopy().kind() == value->kind(), "a copy is of the same kind");
    (void)LiteralOf(PyValue(printed), LiteralTypes::kAny);
  } else {
    MR_CHECK(!value.status().error().message.empty(), "a failure says what it is");
  }
  if (interpolated.is_plain() && size > 0) {
    MR_CHECK(value.ok() || text.find("stream_state") != text.npos, "plain text is no error");
  }
  (void)InterpolatedBoolean(PyValue(text), PyValue(PyDict())).Evaluate(context);
  // The template may have put the configuration into itself.
  for (const auto& [name, member] : config.dict()) {
    if (member.is_list()) member.mutable_items().clear();
    if (member.is_dict()) member.mutable_dict().Clear();
  }
  config.mutable_dict().Clear();
  return 0;
}
