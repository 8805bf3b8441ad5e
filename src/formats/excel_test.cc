#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include <string>

#include "formats/excel_reader.h"
#include "formats/json_encoder.h"
#include "formats/testing/memory_reader.h"
#include "formats/testing/stored_zip.h"

namespace millrace {
namespace {

struct Outcome {
  Status status;
  std::string schema, rows;
};

Outcome ReadAll(const std::string& file, const ExcelOptions& options = {},
                const std::set<std::string>& columns = {}) {
  const OpenWorkbook open = [&]() -> Result<std::unique_ptr<ByteReader>> {
    return std::make_unique<MemoryReader>(file, 1000);
  };
  const auto sheet = ExcelSheet::Survey(open, options, {});
  if (!sheet.ok()) return {sheet.status(), "", ""};
  Outcome outcome;
  for (const auto& field : sheet->schema()->fields()) {
    outcome.schema += field->name() + ":" + field->type()->ToString() + " ";
  }
  int64_t rows = 0;
  outcome.status = sheet->Read(columns,
                               [&](ChangeBatch batch) {
                                 const auto encoder = JsonEncoder::Make(batch.rows->schema());
                                 for (int64_t row = 0; row < batch.rows->num_rows(); ++row) {
                                   encoder->AppendRow(*batch.rows, row, outcome.rows);
                                   outcome.rows += '\n';
                                 }
                                 rows += batch.rows->num_rows();
                                 return Status::Ok();
                               },
                               {});
  EXPECT_EQ(rows, sheet->row_count());
  return outcome;
}

std::string Sheet(const std::string& rows) {
  return "<worksheet><sheetData>" + rows + "</sheetData></worksheet>";
}

/// A cell with a text of its own.
std::string Text(const std::string& place, const std::string& text) {
  return "<c r=\"" + place + "\" t=\"inlineStr\"><is><t>" + text + "</t></is></c>";
}

std::string Cell(const std::string& place, const std::string& value, const std::string& more = "") {
  return "<c r=\"" + place + "\" " + more + "><v>" + value + "</v></c>";
}

std::string Row(int number, const std::string& cells) {
  return "<row r=\"" + std::to_string(number) + "\">" + cells + "</row>";
}

constexpr const char* kStyles =
    R"(<numFmts><numFmt numFmtId="164" formatCode="[$-409]yyyy\-mm\-dd hh:mm"/></numFmts>)"
    R"(<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="21"/></cellXfs>)";

TEST(Excel, ReadsEveryKindOfCell) {
  const std::string sheet =
      Sheet(Row(1, Text("A1", "id") + Text("B1", "price") + Text("C1", "on") + Text("D1", "at") +
                       Text("E1", "clock") + Text("F1", "mixed") + Text("G1", "name")) +
            Row(2, Cell("A2", "1") + Cell("B2", "1.5") + Cell("C2", "1", "t=\"b\"") +
                       Cell("D2", "45292.5", "s=\"2\"") + Cell("E2", "0.75", "s=\"3\"") +
                       Cell("F2", "7") + Cell("G2", "0", "t=\"s\"")) +
            Row(3, Cell("A3", "2") + Cell("B3", "3") + Cell("C3", "0", "t=\"b\"") +
                       Cell("D3", "1", "s=\"1\"") + Cell("E3", "#N/A", "t=\"e\"") +
                       "<c r=\"F3\" t=\"str\"><f>A1&amp;\"x\"</f><v>x_x000A_y</v></c>" +
                       Cell("G3", "1", "t=\"s\"")));
  const std::string file = OneSheetWorkbook(
      sheet, "<si><t>plain</t></si><si><r><t>ri</t></r><r><t>ch</t></r><rPh><t>no</t></rPh></si>",
      kStyles);
  const Outcome outcome = ReadAll(file);
  ASSERT_TRUE(outcome.status.ok()) << outcome.status.ToString();
  EXPECT_EQ(outcome.schema,
            "id:int64 price:double on:bool at:timestamp[us] clock:time64[us] mixed:string "
            "name:string ");
  EXPECT_EQ(
      outcome.rows,
      R"({"id":1,"price":1.5,"on":true,"at":"2024-01-01T12:00:00","clock":"18:00:00","mixed":"7","name":"plain"})"
      "\n"
      R"({"id":2,"price":3,"on":false,"at":"1900-01-01T00:00:00","clock":null,"mixed":"x\ny","name":"rich"})"
      "\n");
}

TEST(Excel, KnowsBothDateSystems) {
  int64_t micros = 0;
  ASSERT_TRUE(XlsxTime(59, false, &micros));
  EXPECT_EQ(micros, -25'509 * int64_t{86'400'000'000});  // 28 February 1900
  ASSERT_TRUE(XlsxTime(61, false, &micros));
  EXPECT_EQ(micros, -25'508 * int64_t{86'400'000'000});  // 1 March 1900
  ASSERT_TRUE(XlsxTime(0, true, &micros));
  EXPECT_EQ(micros, -24'107 * int64_t{86'400'000'000});  // 1 January 1904
  ASSERT_TRUE(XlsxTime(45292.524259259259, false, &micros));
  EXPECT_EQ(micros % 86'400'000'000, 45'296'000'000);  // 12:34:56, not a bit less
  EXPECT_FALSE(XlsxTime(-1, false, &micros));
  EXPECT_FALSE(XlsxTime(3e6, false, &micros));
  for (const char* date : {"yyyy", "d/m/yy", "[h]:mm", "hh:mm:ss", "\"on\" dd", "[Red]mmm"}) {
    EXPECT_TRUE(IsDateFormat(date)) << date;
  }
  for (const char* number : {"General", "0.00", "#,##0", "\"days\" 0", "[Red]0", "0;d", "\\d0"}) {
    EXPECT_FALSE(IsDateFormat(number)) << number;
  }
}

TEST(Excel, TakesOptions) {
  const std::string file = OneSheetWorkbook(Sheet(
      Row(1, Text("A1", "title")) + Row(3, Text("A3", "a") + Text("B3", "b") + Text("C3", "a")) +
      Row(4, Cell("A4", "1") + Text("B4", "x")) + Row(6, Cell("A6", "2") + Text("C6", "NA"))));
  ExcelOptions options;
  options.rows.skip_rows = 2;
  EXPECT_EQ(ReadAll(file, options).rows,
            "{\"a\":1,\"b\":\"x\",\"a.1\":null}\n{\"a\":null,\"b\":null,\"a.1\":null}\n"
            "{\"a\":2,\"b\":null,\"a.1\":null}\n");
  EXPECT_EQ(ReadAll(file, options, {"b"}).rows, "{\"b\":\"x\"}\n{\"b\":null}\n{\"b\":null}\n");
  options.rows.rows_max = 1;
  options.rows.use_columns = {"A", "C:D"};
  options.use_letters = true;
  EXPECT_EQ(ReadAll(file, options).rows, "{\"a\":1,\"a.1\":null}\n");
  options.rows.use_columns.clear();
  options.rows.names = {"x", "y"};
  EXPECT_EQ(ReadAll(file, options).rows, "{\"x\":1,\"y\":\"x\"}\n");
  options.rows.header.reset();
  options.rows.names.clear();
  options.rows.skip_rows = 3;
  EXPECT_EQ(ReadAll(file, options).rows, "{\"0\":1,\"1\":\"x\"}\n");
  options.sheet_name = "Nope";
  EXPECT_NE(ReadAll(file, options).status.ToString().find("it has Data"), std::string::npos);
}

TEST(Excel, RefusesWhatIsNoWorkbook) {
  const auto error = [](const std::string& file) {
    const Status status = ReadAll(file).status;
    EXPECT_TRUE(status.failed());
    return status.ToString();
  };
  EXPECT_NE(error("\xD0\xCF\x11\xE0 old").find(".xls file"), std::string::npos);
  EXPECT_NE(error("id,name\n").find("no zip"), std::string::npos);
  EXPECT_NE(error(StoredZip({{"a.txt", "x"}})).find("xl/workbook.xml"), std::string::npos);
  EXPECT_NE(
      error(OneSheetWorkbook("<!DOCTYPE x [<!ENTITY a \"b\">]><worksheet/>")).find("document type"),
      std::string::npos);
  EXPECT_NE(error(OneSheetWorkbook(Sheet(Row(2, "") + Row(1, "")))).find("out of order"),
            std::string::npos);
  EXPECT_NE(error(OneSheetWorkbook(Sheet(Row(1'048'577, "")))).find("more rows"),
            std::string::npos);
  EXPECT_NE(error(OneSheetWorkbook(Sheet(Row(1, Cell("A1", "9", "t=\"s\""))))).find("shared text"),
            std::string::npos);
  EXPECT_NE(error(OneSheetWorkbook("<worksheet><sheetData>")).find("malformed XML"),
            std::string::npos);
  EXPECT_NE(error(OneSheetWorkbook(Sheet(""))).find("no columns"), std::string::npos);
}

}  // namespace
}  // namespace millrace
