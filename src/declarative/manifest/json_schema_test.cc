#include "declarative/manifest/json_schema.h"

#include <gtest/gtest.h>

#include "declarative/manifest/testing/golden_rows.h"
#include "declarative/manifest/yaml_reader.h"

namespace millrace {
namespace {

TEST(JsonSchemaTest, FindsWhatPythonsJsonschemaFinds) {
  const auto rows = GoldenRows("json_schema.tsv");
  EXPECT_GT(rows.size(), 60u);
  for (const auto& row : rows) {
    const Status status = CheckJsonSchema(*ReadYaml(row[0]), *ReadYaml(row[1]));
    if (row[2] == "error") {
      EXPECT_FALSE(status.ok()) << row[0] << " " << row[1];
    } else {
      EXPECT_EQ(status.ToString(), row[2]) << row[0] << " " << row[1];
    }
  }
}

}  // namespace
}  // namespace millrace
