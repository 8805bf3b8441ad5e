#include "declarative/jinja/interpolation.h"

#include <gtest/gtest.h>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_stream_slice.h"

namespace millrace {
namespace {

class InterpolationTest : public testing::Test {
 protected:
  InterpolationTest() {
    PyDict config;
    config.Set("n", PyValue(5));
    config.Set("digits", PyValue("0123"));
    config.Set("number", PyValue("123"));
    config.Set("l", PyValue::List({1, PyValue("a")}));
    config_ = PyValue(std::move(config));
  }

  Result<PyValue> Evaluate(std::string text, LiteralTypes types = LiteralTypes::kAny) {
    const InterpolationContext context(Clock::System(), config_);
    return InterpolatedString(std::move(text), PyValue(PyDict())).Evaluate(context, types);
  }
  std::string Shown(std::string text, LiteralTypes types = LiteralTypes::kAny) {
    const Result<PyValue> value = Evaluate(std::move(text), types);
    return value.ok() ? PyRepr(*value) : value.status().error().message;
  }

  PyValue config_;
};

TEST_F(InterpolationTest, ResultsAreReadAsLiterals) {
  EXPECT_EQ(Shown("{{ config.number }}"), "123");
  EXPECT_EQ(Shown("{{ config.digits }}"), "'0123'");
  EXPECT_EQ(Shown("{{ config.l }}"), "[1, 'a']");
  EXPECT_EQ(Shown("12"), "12");
  EXPECT_EQ(Shown("text\n"), "'text'");
}

TEST_F(InterpolationTest, OtherTypesThanTheWantedStayText) {
  EXPECT_EQ(Shown("{{ config.n }}", LiteralTypes::kStr), "'5'");
  EXPECT_EQ(Shown("'q'", LiteralTypes::kStr), "'q'");
  EXPECT_EQ(Shown("{{ config.n }}", LiteralTypes::kNumber), "'5'");
  EXPECT_EQ(Shown("{{ config.n + 0.5 }}", LiteralTypes::kNumber), "5.5");
  EXPECT_EQ(Shown("{{ true }}", LiteralTypes::kInteger), "True");
  EXPECT_EQ(Shown("{{ config.l }}", LiteralTypes::kStrOrList), "[1, 'a']");
  EXPECT_EQ(Shown("{{ (1, 2) }}", LiteralTypes::kStrOrList), "'(1, 2)'");
}

TEST_F(InterpolationTest, AListIsACopyEachTime) {
  const Result<PyValue> list = Evaluate("{{ config.l }}");
  list->mutable_items().clear();
  EXPECT_EQ(Shown("{{ config.l }}"), "[1, 'a']");
  const InterpolatedString plain("[1]", PyValue(PyDict()));
  const InterpolationContext context(Clock::System(), config_);
  plain.Evaluate(context)->mutable_items().clear();
  EXPECT_EQ(PyRepr(*plain.Evaluate(context)), "[1]");
}

TEST_F(InterpolationTest, ATemplateChangesNothingThatIsShared) {
  EXPECT_EQ(Shown("{{ config.l.append(7) or config.l }}"), "[1, 'a', 7]");
  EXPECT_EQ(Shown("{% set add = config.l['app' ~ 'end'] %}{{ add(7) }}{{ config.l }}"),
            "\"None[1, 'a', 7]\"");
  EXPECT_EQ(Shown("{{ config.l }}"), "[1, 'a']");
  PyDict fields;
  fields.Set("l", PyValue::List());
  const PyValue record(std::move(fields));
  InterpolationContext context(Clock::System(), config_);
  context.Set("record", record);
  const InterpolatedString appends("{{ record.l.append(1) }}", PyValue(PyDict()));
  ASSERT_TRUE(appends.Evaluate(context).ok());
  EXPECT_EQ(PyRepr(record), "{'l': [1]}");
}

TEST_F(InterpolationTest, FailuresCarryPythonsClass) {
  const std::pair<std::string, std::string> kRows[] = {
      {"{{ config.zz.y }}", "UndefinedError"},        {"{{ nobody }}", "ValueError"},
      {"{{ 1 / 0 }}", "ZeroDivisionError"},           {"{{ }}", "TemplateSyntaxError"},
      {"{{ 1 | nosuch }}", "TemplateAssertionError"},
  };
  for (const auto& [text, exception] : kRows) {
    EXPECT_TRUE(IsPyError(Evaluate(text).status(), exception)) << text << ": " << Shown(text);
  }
}

TEST_F(InterpolationTest, FailuresNameTheTemplate) {
  EXPECT_EQ(Evaluate("{{ 1 /\n 0 }}").status().error().message,
            "ZeroDivisionError: division by zero, in the template {{ 1 /  0 }}");
  const std::string message =
      Evaluate("{{ 1 / 0 }}" + std::string(200, '-')).status().error().message;
  EXPECT_TRUE(message.ends_with("---…") && message.size() < 250) << message;
}

TEST_F(InterpolationTest, ATypeErrorLeavesTheTemplateAsItIs) {
  EXPECT_EQ(Shown("{{ 1 + 'a' }}"), "\"{{ 1 + 'a' }}\"");
}

TEST_F(InterpolationTest, StreamStateIsAnErrorOfTheConfiguration) {
  const Status status = Evaluate("x stream_state").status();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().type, FailureType::kConfigError);
}

TEST_F(InterpolationTest, EndlessTemplatesEnd) {
  const std::string nested =
      "{% for a in [0] * 1000 %}{% for b in [0] * 1000 %}{% for c in [0] * 1000 %}"
      "{% endfor %}{% endfor %}{% endfor %}";
  EXPECT_FALSE(Evaluate(nested).ok());
  EXPECT_FALSE(Evaluate("{{ 'a' * 1000000000 }}").ok());
  EXPECT_FALSE(Evaluate("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}").ok());
  EXPECT_FALSE(Evaluate("{{ " + std::string(100'000, '(') + " }}").ok());
  EXPECT_FALSE(Evaluate("{% set ns = namespace(x=[]) %}{% for a in [0] * 9000 %}"
                        "{% for b in [0] * 9000 %}{% set ns.x = [ns.x] %}{% endfor %}{% endfor %}")
                   .ok());
}

TEST_F(InterpolationTest, MacrosDontOutliveTheirTemplate) {
  const std::string keeps =
      "{% macro m() %}x{% endmacro %}{% set ns = namespace(m=m) %}"
      "{% set ns.ns = ns %}{{ ns.m() }}";
  EXPECT_EQ(Shown(keeps), "'x'");
}

TEST_F(InterpolationTest, SlicesHaveAliasesAndAttributes) {
  PyDict partition, window;
  partition.Set("id", PyValue("p"));
  window.Set("start", PyValue("2024-01-01"));
  const PyValue slice = PyStreamSlice::Make(PyValue(std::move(partition)),
                                            PyValue(std::move(window)), PyValue(PyDict()));
  InterpolationContext context(Clock::System(), config_);
  context.Set("stream_slice", slice);
  const InterpolatedString text(
      "{{ stream_partition.id }} {{ stream_interval['start'] }} {{ stream_slice.partition }}",
      PyValue(PyDict()));
  EXPECT_EQ(*text.EvaluateText(context), "p 2024-01-01 {'id': 'p'}");
}

TEST_F(InterpolationTest, ConditionsThatComeToNothingAreFalse) {
  const InterpolationContext context(Clock::System(), config_);
  for (const char* text : {"", "{{ none }}", "{{ config.zz }}", "{{ config.zz.y }}", "0.0", "[]",
                           "false", "{{ 1 > 2 }}"}) {
    EXPECT_FALSE(*InterpolatedBoolean(PyValue(text), PyValue(PyDict())).Evaluate(context)) << text;
  }
  for (const char* text : {"no", "{{ config.l }}", "01", "{{ 'x' }}"}) {
    EXPECT_TRUE(*InterpolatedBoolean(PyValue(text), PyValue(PyDict())).Evaluate(context)) << text;
  }
}

TEST_F(InterpolationTest, NestedMembersThatComeToNoneAreLeftOut) {
  const InterpolationContext context(Clock::System(), config_);
  PyDict inner;
  inner.Set("gone", PyValue("{{ none }}"));
  inner.Set("{{ config.number }}", PyValue("{{ config.n }}"));
  PyDict mapping;
  mapping.Set("list", PyValue::List({PyValue("{{ none }}"), PyValue(std::move(inner))}));
  const InterpolatedNestedMapping nested(PyValue(std::move(mapping)), PyValue(PyDict()));
  EXPECT_EQ(PyRepr(*nested.Evaluate(context)), "{'list': [None, {123: 5}]}");
}

}  // namespace
}  // namespace millrace
