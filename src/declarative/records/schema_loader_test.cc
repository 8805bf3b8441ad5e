#include "declarative/records/schema_loader.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "declarative/jinja/py_operators.h"
#include "declarative/records/testing/case_rows.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

class SchemaLoaders : public testing::Test {
 protected:
  SchemaLoaders() {
    environment_.clock = &Clock::System();
    environment_.config = PyValue(PyDict{{"type_key", "kind"}});
  }

  Result<std::string> Loaded(const PyValue& loader, const SchemaLoaderParts& parts = {}) {
    PyDict stream{{"type", "DeclarativeStream"}, {"name", "items"}};
    if (!loader.is_none()) stream.Append("schema_loader", loader);
    MR_ASSIGN_OR_RETURN(const auto made,
                        MakeSchemaLoader(Component(PyValue(stream), "test"), environment_, parts));
    MR_ASSIGN_OR_RETURN(const PyValue schema, made->JsonSchema({}));
    return PyRepr(schema);
  }

  EngineEnvironment environment_;
};

TEST_F(SchemaLoaders, DynamicOnesAreTheCdks) {
  int number = 0;
  for (const PyValue& row : CaseRows("schema_cases.jsonl")) {
    int read = 0;
    SchemaLoaderParts parts;
    parts.make_reader = [&](const Component& retriever,
                            std::string_view) -> Result<ReadOtherRecords> {
      EXPECT_EQ(retriever.type(), "SimpleRetriever");
      return ReadOtherRecords([&](const PyValue&, const auto& record, std::stop_token) -> Status {
        if (row.Find("record")->is_none()) return Status::Ok();
        ++read;
        return record(*row.Find("record")).status();
      });
    };
    const std::string wrong = Mismatch(row, Loaded(*row.Find("component"), parts));
    EXPECT_EQ(wrong, "") << "row " << ++number << ": " << PyRepr(row);
    EXPECT_LE(read, 1);
  }
}

TEST_F(SchemaLoaders, ListsAreMergedAsTheCdkDoes) {
  for (const PyValue& row : CaseRows("composite_cases.jsonl")) {
    PyList loaders;
    for (const PyValue& schema : row.Find("schemas")->items()) {
      loaders.push_back(PyValue(PyDict{{"type", "InlineSchemaLoader"}, {"schema", schema}}));
    }
    EXPECT_EQ(Mismatch(row, Loaded(PyValue::List(loaders))), "") << PyRepr(row);
  }
}

TEST_F(SchemaLoaders, FilesAreThoseOfThePackage) {
  const PyValue loader(PyDict{{"type", "JsonFileSchemaLoader"},
                              {"file_path", "./source_x/schemas/{{ parameters.name }}.json"},
                              {"$parameters", PyValue(PyDict{{"name", "items"}})}});
  const Result<std::string> refused = Loaded(loader);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.status().ToString().find("install the connector as a package"),
            std::string::npos);

  const fs::path folder = fs::path(testing::TempDir()) / "schema_loader_test";
  fs::create_directories(folder / "schemas" / "shared");
  std::ofstream(folder / "schemas" / "items.json")
      << R"({"type": "object", "properties": {"a": {"$ref": "one.json"},
             "b": {"$ref": "one.json#/definitions/two"}}})";
  std::ofstream(folder / "schemas" / "shared" / "one.json")
      << R"({"type": "string", "definitions": {"two": {"type": "integer"}}})";
  const SchemaLoaderParts parts{folder, {}};
  constexpr const char* kWant =
      "{'type': 'object', 'properties': {'a': {'type': 'string'}, 'b': {'type': 'integer'}}}";
  for (const PyValue& each : {loader, PyValue()}) {
    const Result<std::string> loaded = Loaded(each, parts);
    ASSERT_TRUE(loaded.ok()) << loaded.status().ToString();
    EXPECT_EQ(*loaded, kWant);
  }
  const PyValue outside(
      PyDict{{"type", "JsonFileSchemaLoader"}, {"file_path", "./x/../../secret.json"}});
  EXPECT_FALSE(Loaded(outside, parts).ok());
  fs::remove_all(folder);
}

TEST_F(SchemaLoaders, UnknownOnesAreNamed) {
  const Result<std::string> custom = Loaded(PyValue(PyDict{{"type", "CustomSchemaLoader"}}));
  ASSERT_FALSE(custom.ok());
  EXPECT_NE(custom.status().ToString().find("CustomSchemaLoader"), std::string::npos);
}

}  // namespace
}  // namespace millrace
