#include "formats/json_inference.h"

#include <arrow/type.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "connector/json_schema.h"
#include "connector/number_type.h"

namespace millrace {
namespace {

bool Add(JsonInference& inference, std::string text) {
  const size_t size = text.size();
  text.append(JsonScanner::kPadding, '\0');
  return inference.Add(std::string_view(text).substr(0, size));
}

/// The type that a catalog declares for column "a", after these values of it.
std::shared_ptr<arrow::DataType> Declared(const std::vector<std::string>& values) {
  JsonInference inference;
  for (const auto& value : values) {
    EXPECT_TRUE(Add(inference, "{\"a\": " + value + "}")) << inference.error();
  }
  const auto schema = inference.Schema();
  return ArrowSchemaOf(JsonSchemaOf(*schema))->field(0)->type();
}

std::shared_ptr<arrow::DataType> Object(const char* name, std::shared_ptr<arrow::DataType> type) {
  return arrow::struct_({arrow::field(name, std::move(type))});
}

void ExpectType(const std::shared_ptr<arrow::DataType>& is, const arrow::DataType& wanted) {
  EXPECT_TRUE(is->Equals(wanted)) << is->ToString() << " instead of " << wanted.ToString();
}

TEST(JsonInference, DeclaresWhatStandsInObjectsThatArriveAsText) {
  JsonInference inference;
  ASSERT_TRUE(Add(inference, R"({"a": {"b": 1, "c": [{"d": "x"}]}})"));
  EXPECT_TRUE(IsJsonText(*inference.Schema()->field(0)->type()));
  const auto c = arrow::list(Object("d", arrow::utf8()));
  ExpectType(Declared({R"({"b": 1})", "null", R"({"c": [{"d": "x"}, null], "b": 2})"}),
             *arrow::struct_({arrow::field("b", arrow::int64()), arrow::field("c", c)}));
  ExpectType(Declared({R"([{"d": 1}])", "[]", R"([{"d": 1.5}])"}),
             *arrow::list(Object("d", number())));
}

TEST(JsonInference, DeclaresNothingOfWhatHasNoOneShape) {
  for (const std::vector<std::string>& values : {std::vector<std::string>{"{}"},
                                                 {"[{}]"},
                                                 {R"({"b": 1})", "5"},
                                                 {"5", R"({"b": 1})"},
                                                 {R"({"b": 1})", R"([{"b": 1}])"},
                                                 {R"([{"b": 1}, 5])"},
                                                 {R"([[{"b": 1}]])"},
                                                 {R"([{"b": 1}, []])"}}) {
    ExpectType(Declared(values), *json_text());
  }
  ExpectType(Declared({R"({"b": {"c": 1}})", R"({"b": "x"})"}), *Object("b", json_text()));
}

TEST(JsonInference, TakesAnObjectOfManyKeysForAMap) {
  std::string map = "{";
  for (size_t i = 0; i <= JsonInference::kNestedKeysMax + 1; ++i) {
    map += fmt::format("{}\"k{}\": 1", i == 0 ? "" : ",", i);
  }
  ExpectType(Declared({map + "}", map + "}"}), *json_text());
}

TEST(JsonInference, GoesOnlySoDeep) {
  std::string deep = "1";
  for (int i = 0; i < 400; ++i) deep = "{\"x\":" + deep + "}";
  auto type = Declared({deep});
  int depth = 0;
  for (; type->id() == arrow::Type::STRUCT; type = type->field(0)->type()) ++depth;
  EXPECT_EQ(depth, JsonInference::kNestedDepthMax);
  ExpectType(type, *json_text());
}

TEST(JsonInference, MergesWhatPartsOfAFileFound) {
  JsonInference first, second;
  ASSERT_TRUE(Add(first, R"({"a": {"b": 1}, "c": {"d": 1}})"));
  ASSERT_TRUE(Add(second, R"({"a": {"b": 1.5, "e": true}, "c": [1]})"));
  first.Merge(second);
  const auto declared = ArrowSchemaOf(JsonSchemaOf(*first.Schema()));
  ExpectType(declared->field(0)->type(),
             *arrow::struct_({arrow::field("b", number()), arrow::field("e", arrow::boolean())}));
  ExpectType(declared->field(1)->type(), *json_text());
}

TEST(JsonInference, FindsMalformedJsonInsideObjects) {
  for (const char* text : {R"({"a": {"b": }})", R"({"a": {"b" 1}})", R"({"a": [{"b": 1,}]})",
                           R"({"a": {"\ud800": 1}})", R"({"a": {"b": 1})"}) {
    JsonInference inference;
    EXPECT_FALSE(Add(inference, text)) << text;
    EXPECT_FALSE(inference.error().empty());
  }
}

}  // namespace
}  // namespace millrace
