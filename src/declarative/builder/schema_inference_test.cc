#include "declarative/builder/schema_inference.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "declarative/builder/datetime_formats.h"

namespace millrace {
namespace {

/// Records, and what the CDK's inferrer says of them where `id` is the primary key.
struct InferenceCase {
  const char* records;
  const char* schema;  // the properties
  bool has_id = false;
};
constexpr InferenceCase kCases[] = {
    {R"([{"id": 1, "a": null}])", R"({"id": {"type": "number"}})", true},
    {R"([{"id": 1, "a": "x"}, {"id": null, "a": 2.5}])",
     R"({"id": {"type": "number"}, "a": {"type": ["number", "string", "null"]}})", true},
    {R"([{"o": {}}, {"o": {"x": 1}}, {"o": null}])",
     R"({"o": {"type": ["object", "null"], "properties": {"x": {"type": ["number", "null"]}}}})"},
    {R"([{"l": []}, {"l": [{"k": 1}, "s"]}])",
     R"({"l": {"type": ["array", "null"], "items": {"anyOf": [{"type": "string"},
        {"type": "object", "properties": {"k": {"type": "number"}}}]}}})"},
    {R"([{"m": 1}, {"m": true}, {"m": {"q": "z"}}])",
     R"({"m": {"anyOf": [{"type": ["boolean", "number"]},
        {"type": "object", "properties": {"q": {"type": "string"}}}]}})"},
    {R"([{"l": [[], [{"a": null}]]}])",
     R"({"l": {"type": ["array", "null"], "items": {"type": ["array", "null"],
        "items": {"type": ["object", "null"], "properties": {}}}}})"},
};

TEST(SchemaInference, FindsTheNarrowestSchema) {
  for (const InferenceCase& one : kCases) {
    SchemaInference inference;
    for (const Json& record : Json::parse(one.records)) inference.Add(record);
    std::vector<std::string> problems;
    const Json found = inference.Schema({"id"}, &problems);
    EXPECT_EQ(nlohmann::json::parse(found.at("properties").dump()),
              nlohmann::json::parse(one.schema))
        << one.records;
    EXPECT_EQ(found.at("type"), "object");
    EXPECT_EQ(found.contains("required"), one.has_id);
    EXPECT_EQ(problems.empty(), one.has_id) << "a key that no record has";
  }
}

TEST(DatetimeFormats, AreThoseThatEveryRecordKeeps) {
  DatetimeFormats formats;
  formats.Add(Json::parse(R"({"day": "2024-01-31", "second": 1700000000, "text": "abc",
                              "milli": "1700000000123", "both": "2024-01-31", "small": 12})"));
  formats.Add(Json::parse(R"({"day": "2024-02-01", "second": 1700000001, "text": "2024-01-01",
                              "milli": "1700000000124", "both": "31-01-2024", "small": 12})"));
  EXPECT_EQ(formats.Found().dump(), R"({"day":"%Y-%m-%d","second":"%s","milli":"%ms"})");
}

}  // namespace
}  // namespace millrace
