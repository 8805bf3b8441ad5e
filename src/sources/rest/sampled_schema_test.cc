#include "sources/rest/sampled_schema.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "declarative/jinja/py_json.h"

namespace millrace {
namespace {

SampledSchema Of(std::initializer_list<const char*> records) {
  SampledSchema sampled;
  for (const char* record : records) sampled.Add(*ParsePyJson(record));
  return sampled;
}

Json ColumnOf(std::initializer_list<const char*> records) {
  return Of(records).Schema({})["properties"]["a"];
}

TEST(SampledSchema, FindsDatesAndTimes) {
  EXPECT_EQ(ColumnOf({R"({"a":"2025-01-02"})", R"({"a":null})"})["format"], "date");
  const Json zoned =
      ColumnOf({R"({"a":"2025-01-02T03:04:05Z"})", R"({"a":"2025-01-02T03:04:05.123+02:00"})"});
  EXPECT_EQ(zoned["format"], "date-time");
  EXPECT_EQ(zoned["airbyte_type"], "timestamp_with_timezone");
  EXPECT_EQ(ColumnOf({R"({"a":"2025-01-02 03:04:05"})"})["airbyte_type"],
            "timestamp_without_timezone");
}

TEST(SampledSchema, KeepsTextThatIsNotAlwaysATime) {
  for (const char* other :
       {R"({"a":"2025-01-02"})", R"({"a":""})", R"({"a":"soon"})", R"({"a":"2025-01-02T03:04:05"})",
        R"({"a":7})", R"({"a":"2025-01-02T03:04:05.123456789Z"})"}) {
    const Json column = ColumnOf({R"({"a":"2025-01-02T03:04:05Z"})", other});
    EXPECT_EQ(column.dump(), R"({"type":["null","string"]})") << other;
  }
}

TEST(SampledSchema, WidensNumbersAndKeepsObjectsDeclared) {
  EXPECT_EQ(ColumnOf({R"({"a":1})", R"({"a":1.5})"}).dump(), R"({"type":["null","number"]})");
  EXPECT_EQ(ColumnOf({R"({"a":1})", R"({"b":2})"})["airbyte_type"], "integer");
  EXPECT_TRUE(ColumnOf({R"({"a":{"x":1}})"})["properties"].contains("x"));
}

TEST(SampledSchema, HasTheColumnsThatThereMustBe) {
  EXPECT_EQ(Of({}).Schema({"id"}).dump(),
            R"({"type":"object","properties":{"id":{"type":["null","string"]}}})");
}

TEST(SampledSchema, LosesNoMemberOfAnObject) {
  const Json schema = Json::parse(R"({"properties":{
    "one":{"type":["null","object"],"properties":{"x":{"type":"string"}}},
    "many":{"type":["null","array"],"items":{"type":["null","object"],"properties":{}}},
    "names":{"type":["null","array"],"items":{"type":["null","string"]}}}})");
  const Json text = WithTextObjects(schema)["properties"];
  EXPECT_FALSE(text["one"].contains("properties"));
  EXPECT_FALSE(text["many"].contains("items"));
  EXPECT_TRUE(text["names"].contains("items"));
}

}  // namespace
}  // namespace millrace
