// What is discovered, and that every type arrives with its exact value.

#include "connector/number_type.h"
#include "sources/postgres/source_fixture.h"

namespace millrace {
namespace {

class DiscoveryTest : public SourceFixture {
 protected:
  std::map<std::string, Stream> Discover(const char* config = "{}") const {
    std::map<std::string, Stream> streams;
    const auto catalog = Open(config)->Discover();
    EXPECT_TRUE(catalog.ok()) << catalog.status().ToString();
    if (!catalog.ok()) return streams;
    for (const Stream& stream : catalog->streams) {
      streams.emplace(stream.descriptor.ToString(), stream);
    }
    return streams;
  }
};

TEST_F(DiscoveryTest, FindsWhatCanBeRead) {
  Sql(R"(CREATE TABLE plain (b int, a int, v text, PRIMARY KEY (a, b));
         CREATE VIEW seen AS SELECT * FROM plain;
         CREATE MATERIALIZED VIEW kept AS SELECT * FROM plain;
         CREATE TABLE parted (i int, d date) PARTITION BY RANGE (d);
         CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
         CREATE TEMP TABLE gone (i int);
         CREATE SCHEMA other; CREATE TABLE other."Strange ""name""" (i int))");
  const auto streams = Discover();
  std::vector<std::string> names;
  for (const auto& [name, stream] : streams) names.push_back(name);
  EXPECT_EQ(names, (std::vector<std::string>{"other.Strange \"name\"", "public.kept",
                                             "public.parted", "public.plain", "public.seen"}));
  const Stream& plain = streams.at("public.plain");
  EXPECT_EQ(plain.source_defined_primary_key, (std::vector<FieldPath>{{"a"}, {"b"}}));
  EXPECT_EQ(plain.supported_sync_modes.size(), 2U);
  EXPECT_EQ((*plain.json_schema)["properties"].begin().key(), "b");
  EXPECT_EQ(Discover(R"({"schemas": ["other"]})").size(), 1U);
}

TEST_F(DiscoveryTest, LeavesOutWhatTheUserMayNotRead) {
  Sql(R"(CREATE TABLE open (i int); CREATE TABLE closed (i int);
         CREATE TABLE half (id int PRIMARY KEY, seen int, hidden int);
         GRANT SELECT ON open TO reader; GRANT SELECT (seen) ON half TO reader)");
  const auto streams = Discover(R"({"username": "reader"})");
  EXPECT_EQ(streams.size(), 2U);
  const Stream& half = streams.at("public.half");
  EXPECT_EQ((*half.json_schema)["properties"].size(), 1U);
  EXPECT_TRUE(half.source_defined_primary_key.empty());
}

TEST_F(DiscoveryTest, ManyTablesTakeAHandfulOfQueries) {
  Sql("DO $$ BEGIN FOR i IN 1..300 LOOP EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, "
      "v text)', i); END LOOP; END $$");
  // Counted by the server: each statement of the reader's connection is one transaction there.
  const auto transactions = [&] {
    return std::stoll(
        Ask("SELECT xact_commit FROM pg_stat_database WHERE datname = '" + database_ + "'"));
  };
  auto source = Open();
  const long long before = transactions();
  EXPECT_EQ((*source->Discover()).streams.size(), 300U);
  source.reset();
  // Statistics arrive when the connection has ended; a query per table would be 300 of them.
  EXPECT_LT(transactions() - before, 60);
}

struct TypeCase {
  const char* type;
  const char* literal;  // SQL
  const char* arrow;
  const char* value;  // as Arrow prints it
};

constexpr TypeCase kTypes[] = {
    {"bool", "true", "bool", "true"},
    {"int2", "'-32768'", "int64", "-32768"},
    {"int4", "2147483647", "int64", "2147483647"},
    {"int8", "'-9223372036854775808'", "int64", "-9223372036854775808"},
    {"oid", "4294967295", "int64", "4294967295"},
    {"float4", "1.5", "double", "1.5"},
    {"float8", "0.1", "double", "0.1"},
    {"numeric(18,0)", "-999999999999999999", "int64", "-999999999999999999"},
    {"numeric(15,2)", "1234567890123.45", "decimal128(15, 2)", "1234567890123.45"},
    {"numeric(40,0)", "1234567890123456789012345678901234567890", "decimal256(40, 0)",
     "1234567890123456789012345678901234567890"},
    {"numeric(2,-3)", "98765", "int64", "99000"},
    {"numeric(2,4)", "0.0012", "decimal128(4, 4)", "0.0012"},
    {"numeric", "123456789012345678901234567890.1230", "extension<millrace.number>",
     "123456789012345678901234567890.123"},
    {"money", "'-12345.67'", "decimal128(19, 2)", "-12345.67"},
    {"date", "'2024-02-29'", "date32[day]", "2024-02-29"},
    {"date", "'4713-01-01 BC'", "date32[day]", "-4712-01-01"},
    {"time", "'23:59:59.999999'", "time64[us]", "23:59:59.999999"},
    {"timetz", "'12:34:56.5+02'", "string", "12:34:56.5+02"},
    {"timestamp", "'2025-06-07 08:09:10.123456'", "timestamp[us]", "2025-06-07 08:09:10.123456"},
    {"timestamp", "'0044-03-15 12:00:00 BC'", "timestamp[us]", "-0043-03-15 12:00:00.000000"},
    {"timestamptz", "'2025-06-07 08:09:10.123456+02'", "timestamp[us, tz=UTC]",
     "2025-06-07 06:09:10.123456Z"},
    {"text", "'h€llo'", "string", "h€llo"},
    {"char(5)", "'ab'", "string", "ab   "},
    {"\"char\"", "'x'", "string", "x"},
    {"name", "'n'", "string", "n"},
    {"uuid", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "string",
     "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
    {"bytea", "'\\x4142'", "binary", "AB"},
    {"bit(5)", "B'10101'", "string", "10101"},
    {"inet", "'192.168.0.1'", "string", "192.168.0.1"},
    {"inet", "'2001:db8::1/64'", "string", "2001:db8::1/64"},
    {"cidr", "'10.0.0.0/8'", "string", "10.0.0.0/8"},
    {"macaddr", "'08:00:2b:01:02:03'", "string", "08:00:2b:01:02:03"},
    {"json", "'{\"a\": 1.0}'", "string", "{\"a\": 1.0}"},
    {"jsonb", "'{\"a\": 12345678901234567890}'", "string", "{\"a\": 12345678901234567890}"},
    {"xml", "'<a/>'", "string", "<a/>"},
    {"interval", "'1 year 3 days 04:05:06.789'", "string", "1 year 3 days 04:05:06.789"},
    {"int4range", "'[1,10)'", "string", "[1,10)"},
    {"tsvector", "'a b'", "string", "'a' 'b'"},
    {"point", "'(1,2.5)'", "string", "(1,2.5)"},
    {"pg_lsn", "'16/B374D848'", "string", "16/B374D848"},
    {"mood", "'happy'", "string", "happy"},
    {"positive", "7", "int64", "7"},
    {"pair", "'(1,x)'", "string", "(1,x)"},
    {"int4[]", "'{1,NULL,3}'", "list<element: int64>", "list<element: int64>[1, null, 3]"},
    {"mood[]", "'{sad}'", "list<element: string>", "list<element: string>[sad]"},
    {"pair[]", "'{\"(1,x)\"}'", "list<element: string>", "list<element: string>[(1,x)]"},
    {"numeric(10,2)[]", "'{1.25}'", "list<element: decimal128(10, 2)>",
     "list<element: decimal128(10, 2)>[1.25]"},
    {"positive[]", "'{5}'", "list<element: int64>", "list<element: int64>[5]"},
    {"int4[][]", "'{{1,2},{3,4}}'", "extension<arrow.json>", "[[1,2],[3,4]]"},
};

TEST_F(DiscoveryTest, EveryTypeArrivesExactly) {
  std::string columns, values;
  for (size_t i = 0; i < std::size(kTypes); ++i) {
    columns += fmt::format(", c{} {}", i, kTypes[i].type);
    values += fmt::format(", {}", kTypes[i].literal);
  }
  Sql(R"(CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE DOMAIN positive AS int CHECK (value > 0);
         CREATE TYPE pair AS (a int, b text))");
  Sql("CREATE TABLE types (id int" + columns + "); INSERT INTO types VALUES (1" + values +
      "); INSERT INTO types VALUES (2)");
  RecordedOutput output;
  Sync(Configured("types"), {}, output);
  ASSERT_EQ(output.rows, 2);
  for (size_t i = 0; i < std::size(kTypes); ++i) {
    const std::string name = "c" + std::to_string(i);
    const auto& type = *output.schemas[0]->GetFieldByName(name)->type();
    EXPECT_EQ(type.ToString().substr(0, std::string(kTypes[i].arrow).size()), kTypes[i].arrow);
    const auto got = output.Column(name);
    EXPECT_EQ(got[0].find(kTypes[i].value) != std::string::npos ? kTypes[i].value : got[0],
              kTypes[i].value)
        << kTypes[i].type;
    EXPECT_EQ(got[1], "null") << kTypes[i].type;
  }
  EXPECT_TRUE(output.changes.empty());
}

TEST_F(DiscoveryTest, WhatHasNoCounterpartIsNullAndSaid) {
  Sql(R"(CREATE TABLE odd (id int NOT NULL, f float8, g float4, d date NOT NULL, t timestamp,
                           z timestamptz, n numeric(10,2), u numeric, c time, a float8[]);
         INSERT INTO odd VALUES (1, 'NaN', '-Infinity', 'infinity', '-infinity', 'infinity', 'NaN',
                                 'Infinity', '24:00', '{NaN}'),
                                (2, 1, 1, '2025-01-01', '2025-01-01', '2025-01-01', 1, 1, '12:00',
                                 '{1}'))");
  RecordedOutput output;
  Sync(Configured("odd"), {}, output);
  for (const char* name : {"f", "g", "d", "t", "z", "n", "u", "c"}) {
    EXPECT_EQ(output.Column(name)[0], "null") << name;
    EXPECT_NE(output.Column(name)[1], "null") << name;
  }
  ASSERT_EQ(output.changes.size(), 9U);
  for (const FieldChange& change : output.changes) {
    EXPECT_EQ(change.row, 0);
    EXPECT_EQ(change.change, change.field == "a" ? "TRUNCATED" : "NULLED") << change.field;
    EXPECT_EQ(change.reason, "SOURCE_SERIALIZATION_ERROR");
  }
  // A NOT NULL column that had to give up a value is opened again, nullable.
  ASSERT_EQ(output.schemas.size(), 2U);
  EXPECT_FALSE(output.schemas[0]->GetFieldByName("d")->nullable());
  EXPECT_TRUE(output.schemas[1]->GetFieldByName("d")->nullable());
  EXPECT_FALSE(output.schemas[1]->GetFieldByName("id")->nullable());
}

TEST_F(DiscoveryTest, NullabilityIsTheTables) {
  Sql(R"(CREATE DOMAIN sure AS int NOT NULL;
         CREATE TABLE t (a int NOT NULL, b int, c sure); CREATE VIEW v AS SELECT * FROM t)");
  RecordedOutput table, view;
  Sync(Configured("t"), {}, table);
  Sync(Configured("v"), {}, view);
  const auto nullable = [](const RecordedOutput& output, const char* name) {
    return output.schemas.at(0)->GetFieldByName(name)->nullable();
  };
  EXPECT_FALSE(nullable(table, "a"));
  EXPECT_TRUE(nullable(table, "b"));
  EXPECT_FALSE(nullable(table, "c"));
  for (const char* name : {"a", "b", "c"}) EXPECT_TRUE(nullable(view, name));
}

}  // namespace
}  // namespace millrace
