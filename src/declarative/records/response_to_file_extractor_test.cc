#include "declarative/records/response_to_file_extractor.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "declarative/jinja/py_operators.h"
#include "declarative/records/testing/case_rows.h"

namespace millrace {
namespace {

std::string Gzipped(const std::string& text) {
  std::string packed(compressBound(text.size()) + 64, '\0');
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS | 16, 8, Z_DEFAULT_STRATEGY);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

TEST(ResponseToFileExtractor, ReadsWhatPandasReads) {
  for (const PyValue& row : CaseRows("csv_cases.jsonl")) {
    const Component component(PyValue(PyDict{{"type", "ResponseToFileExtractor"},
                                             {"preserve_na_values", *row.Find("preserve")}}),
                              "test");
    const auto read = [&]() -> Result<std::string> {
      MR_ASSIGN_OR_RETURN(const auto extractor, MakeRecordExtractor(component, {}, {}));
      EXPECT_TRUE(extractor->reads_text());
      const std::string& body = row.Find("body")->str();
      const std::string bytes = row.Find("gzip")->as_bool() ? Gzipped(body) : body;
      PyList records;
      MR_RETURN_IF_ERROR(extractor->Extract(
          [&](const ValueSink& element) { return element(PyValue::Bytes(bytes)); },
          [&](PyValue record) {
            records.push_back(std::move(record));
            return Status::Ok();
          },
          {}));
      return PyRepr(PyValue::List(std::move(records)));
    };
    EXPECT_EQ(Mismatch(row, read()), "") << PyRepr(row);
  }
}

TEST(ResponseToFileExtractor, RefusesDamagedBytes) {
  const Component component(PyValue(PyDict{{"type", "ResponseToFileExtractor"}}), "test");
  const auto extractor = MakeRecordExtractor(component, {}, {});
  ASSERT_TRUE(extractor.ok());
  const std::string packed = Gzipped("a,b\n1,2\n");
  const Status status =
      (*extractor)
          ->Extract(
              [&](const ValueSink& element) {
                return element(PyValue::Bytes(packed.substr(0, packed.size() - 6)));
              },
              [](PyValue) { return Status::Ok(); }, {});
  EXPECT_FALSE(status.ok());
}

}  // namespace
}  // namespace millrace
