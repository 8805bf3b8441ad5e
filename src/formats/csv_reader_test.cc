#include "formats/csv_reader.h"

#include <arrow/record_batch.h>
#include <gtest/gtest.h>

#include <random>

#include "formats/csv_inference.h"
#include "formats/csv_layout.h"
#include "formats/testing/batch_text.h"
#include "formats/testing/memory_reader.h"

namespace millrace {
namespace {

/// Reads a CSV text the way source-file does: layout, survey, rows.
struct CsvResult {
  Status status;
  std::string schema, rows;
};

CsvResult ReadCsv(const std::string& text, const CsvOptions& options = {},
                  int64_t chunk = 1 << 30) {
  CsvResult result;
  const auto open = [&](int64_t offset) -> Result<std::unique_ptr<ByteReader>> {
    return std::make_unique<MemoryReader>(text.substr(static_cast<size_t>(offset)), chunk);
  };
  const auto layout = ReadCsvLayout(open, options);
  if (!layout.ok()) return {layout.status(), "", ""};
  const auto first = open(layout->data_offset);
  const auto survey =
      SurveyCsv(**first, options, layout->names.size(), layout->data_line, INT64_MAX, {});
  if (!survey.ok()) return {survey.status(), "", ""};
  const auto columns = CsvColumnsOf(*layout, survey->kinds, options);
  if (!columns.ok()) return {columns.status(), "", ""};
  const auto second = open(layout->data_offset);
  const auto reader =
      CsvReader::Make(**second, options, *columns, layout->names.size(), layout->data_line);
  result.schema = SchemaText(*(*reader)->schema());
  for (;;) {
    const auto batch = (*reader)->Next();
    if (!batch.ok()) return {batch.status(), result.schema, result.rows};
    if (*batch == nullptr) return result;
    EXPECT_TRUE((*batch)->ValidateFull().ok());
    result.rows += BatchText(**batch);
  }
}

TEST(CsvReader, InfersATypeFromEveryValue) {
  const CsvResult result = ReadCsv(
      "i,n,b,d,t,z,s,zip,big,empty\n"
      "1,1.50,true,2024-02-29,2024-01-01 10:00:00,2024-01-01T10:00:00+02:00,x,01234,1,\n"
      "-2,-3,False,1969-12-31,2024-01-01T10:00:00.123456,2024-01-01T10:00:00Z,NA,99,"
      "99999999999999999999,\n");
  EXPECT_EQ(result.schema,
            "i:int64 n:number b:bool d:date32[day] t:timestamp[us] z:timestamp[us, tz=UTC] "
            "s:string zip:string big:number empty:string");
  EXPECT_EQ(result.rows,
            "1|1.5|true|2024-02-29|2024-01-01 10:00:00.000000|2024-01-01 08:00:00.000000Z|x|01234|"
            "1|∅\n"
            "-2|-3|false|1969-12-31|2024-01-01 10:00:00.123456|2024-01-01 10:00:00.000000Z|∅|99|"
            "99999999999999999999|∅\n");
}

TEST(CsvReader, KeepsWhatATypeWouldLose) {
  EXPECT_EQ(ReadCsv("a\n2023-02-29\n").schema, "a:string");                    // no such day
  EXPECT_EQ(ReadCsv("a\n+49123\n").schema, "a:string");                        // a plus sign
  EXPECT_EQ(ReadCsv("a\n1\ntrue\n").schema, "a:string");                       // two kinds
  EXPECT_EQ(ReadCsv("a\ninf\n1.5\n").schema, "a:string");                      // not finite
  EXPECT_EQ(ReadCsv("a\n2024-01-01T00:00:00.1234567Z\n").schema, "a:string");  // nanoseconds
  EXPECT_EQ(ReadCsv("a\n1e400\n").rows, "1" + std::string(400, '0') + "\n");
  EXPECT_EQ(ReadCsv("a\n9223372036854775807\n-9223372036854775808\n").schema, "a:int64");
  EXPECT_EQ(ReadCsv("a\n9223372036854775808\n").schema, "a:number");
}

TEST(CsvReader, UnderstandsQuotes) {
  const std::string text =
      "a,b\r\n\"x,1\",\"say \"\"hi\"\"\"\r\n\"two\nlines\",5\" pipe\r\n\"\",\"a\"b\"\r\n";
  for (const int64_t chunk : {int64_t{1}, int64_t{3}, int64_t{1 << 30}}) {
    const CsvResult result = ReadCsv(text, {}, chunk);
    ASSERT_TRUE(result.status.ok()) << result.status.ToString();
    EXPECT_EQ(result.rows, "x,1|say \"hi\"\ntwo\nlines|5\" pipe\n∅|ab\"\n");
  }
}

TEST(CsvReader, ReadsOddFiles) {
  EXPECT_EQ(ReadCsv("\xEF\xBB\xBF"
                    "a,b\n1,2")
                .rows,
            "1|2\n");                                        // BOM, no last line break
  EXPECT_EQ(ReadCsv("a,b\r1,2\r3,4\r").rows, "1|2\n3|4\n");  // old Mac
  EXPECT_EQ(ReadCsv("a,b\n1\n\n2,3\n").rows, "1|∅\n2|3\n");  // too few fields, a blank line
  EXPECT_EQ(ReadCsv("a,b\n").schema, "a:string b:string");   // no rows
  EXPECT_EQ(ReadCsv("a,a,,a.1\n1,2,3,4\n").schema, "a:int64 a.2:int64 Unnamed: 2:int64 a.1:int64");
  EXPECT_EQ(ReadCsv(std::string("a\nx\0y\n", 6)).rows, std::string("x\0y\n", 4));
  const std::string huge(3 << 20, 'x');
  EXPECT_EQ(ReadCsv("a,b\n1," + huge + "\n2,y\n").rows, "1|" + huge + "\n2|y\n");
}

TEST(CsvReader, HonoursOptions) {
  CsvOptions options;
  options.dialect.delimiter = ';';
  options.decimal = ',';
  options.thousands = '.';
  options.skip_rows = 1;
  options.na_values = {"-"};
  EXPECT_EQ(ReadCsv("a title; or \"two\na;b\n1.234,50;-\n", options).rows, "1234.5|∅\n");
  options = {};
  options.header.reset();
  EXPECT_EQ(ReadCsv("1,x\n", options).schema, "0:int64 1:string");
  options.names = {"p", "q"};
  options.use_columns = {"q"};
  EXPECT_EQ(ReadCsv("1,x\n2,y\n", options).rows, "x\ny\n");
  options = {};
  options.dialect.escape = '\\';
  options.dialect.comment = '#';
  options.rows_max = 2;
  EXPECT_EQ(ReadCsv("a,b\n#no\nx\\,y,1 # so\n\"q\\\"\",2\n3,4\n", options).rows, "x,y|1\nq\"|2\n");
  options = {};
  options.types = {{"a", arrow::utf8()}};
  EXPECT_EQ(ReadCsv("a\n1\n", options).schema, "a:string");
  options = {};
  options.keep_default_na = false;
  EXPECT_EQ(ReadCsv("a,b\nNA,\n", options).rows, "NA|\n");
}

TEST(CsvReader, SaysWhatIsWrongAndWhere) {
  const auto message = [](const CsvResult& result) {
    EXPECT_TRUE(result.status.failed());
    if (!result.status.failed()) return std::string();
    EXPECT_EQ(result.status.error().type, FailureType::kConfigError);
    return result.status.error().message;
  };
  EXPECT_EQ(message(ReadCsv("a,b\n\"x\ny\",1\n1,2,3\n")).substr(0, 52),
            "line 4: the row has 3 fields, the file has 2 columns");
  EXPECT_EQ(message(ReadCsv("a,b\n1,\"x\n")).substr(0, 24), "line 2: a quote is opene");
  EXPECT_EQ(message(ReadCsv("a\nok\nb\xFF\n")).substr(0, 44),
            "line 3: the text is not UTF-8 (byte 0xff): n");
  EXPECT_NE(message(ReadCsv("")).find("empty"), std::string::npos);
  CsvOptions options;
  options.types = {{"a", arrow::int64()}};
  EXPECT_EQ(message(ReadCsv("a\n1\nx\n", options)).substr(0, 35),
            "line 3: column 'a': 'x' is no int64");
  options.types = {{"c", arrow::int64()}};
  EXPECT_NE(message(ReadCsv("a\n1\n", options)).find("'c'"), std::string::npos);
}

TEST(CsvReader, LeavesBadLinesOutWhenTold) {
  CsvOptions options;
  options.bad_lines = CsvOptions::BadLines::kSkip;
  EXPECT_EQ(ReadCsv("a,b\n1,2,3\n4,5\n", options).rows, "4|5\n");
}

/// A CSV text of random fields, and what reading it must give.
std::pair<std::string, std::string> RandomCsv(std::mt19937& random) {
  constexpr std::string_view kPieces[] = {"x", "\"", ",", "\n", "\r\n", "é", "longer text here",
                                          ""};
  std::string csv = "a,b,c\n", expected;
  const int rows = static_cast<int>(random() % 60);
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < 3; ++column) {
      std::string value = "v";  // never empty, never a null
      for (size_t pieces = random() % 5; pieces > 0; --pieces) {
        value += kPieces[random() % std::size(kPieces)];
      }
      const bool quote = value.find_first_of(",\n\r") != std::string::npos || random() % 3 == 0;
      csv += column > 0 ? "," : "";
      expected += (column > 0 ? "|" : "") + value;
      if (!quote) {
        csv += value;
        continue;
      }
      csv += '"';
      for (const char c : value) csv += c == '"' ? "\"\"" : std::string(1, c);
      csv += '"';
    }
    csv += random() % 2 ? "\n" : "\r\n";
    expected += "\n";
  }
  return {csv, expected};
}

TEST(CsvReader, SurveysAPartUpToTheRowBehindIt) {
  const std::string text = "1\n2\n\n\n3\n4\n";
  for (const auto& [bytes, rows, end] : {std::tuple{1, 1, 2},
                                         {2, 1, 2},
                                         {3, 2, 4},
                                         {4, 2, 4},
                                         {5, 2, 6},
                                         {6, 2, 6},
                                         {7, 3, 8},
                                         {100, 4, 10}}) {
    MemoryReader input(text);
    const auto survey = SurveyCsv(input, {}, 1, 1, bytes, {});
    ASSERT_TRUE(survey.ok());
    EXPECT_EQ(survey->rows, rows) << bytes;
    // Blank lines may be left to the next part.
    EXPECT_LE(survey->end_offset, end) << bytes;
    MemoryReader rest(text.substr(static_cast<size_t>(survey->end_offset)));
    const auto after = SurveyCsv(rest, {}, 1, survey->end_line, INT64_MAX, {});
    EXPECT_EQ(survey->rows + after->rows, 4) << bytes;
    EXPECT_EQ(after->end_line, 7) << bytes;
  }
}

TEST(CsvReader, ReadsWhatWasWrittenInAnyChunks) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 200; ++round) {
    const auto [csv, expected] = RandomCsv(random);
    const int64_t chunk = 1 + static_cast<int64_t>(random() % 200);
    const CsvResult result = ReadCsv(csv, {}, chunk);
    ASSERT_TRUE(result.status.ok()) << result.status.ToString() << "\n" << csv;
    ASSERT_EQ(result.rows, expected) << csv;
  }
}

}  // namespace
}  // namespace millrace
