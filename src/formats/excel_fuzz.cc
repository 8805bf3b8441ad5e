// Any bytes as a workbook, or as the parts of one: surveyed and read to the end or to an error,
// the same rows both times.
#include <arrow/record_batch.h>

#include <cstdint>
#include <string>

#include "base/check.h"
#include "formats/excel_reader.h"
#include "formats/testing/memory_reader.h"
#include "formats/testing/stored_zip.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  if (size == 0) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::string file = bytes;
  if (data[0] % 4 == 1) file = OneSheetWorkbook(bytes);
  if (data[0] % 4 == 2) file = OneSheetWorkbook("<w><row><c><v>1</v></c></row></w>", bytes);
  if (data[0] % 4 == 3)
    file = OneSheetWorkbook("<w><row><c s=\"1\"><v>1</v></c></row></w>", "", bytes);
  const OpenWorkbook open = [&]() -> Result<std::unique_ptr<ByteReader>> {
    return std::make_unique<MemoryReader>(file);
  };
  ExcelOptions options;
  options.rows.header.reset();
  options.rows.rows_max = 10'000;  // a row's number costs nothing to write
  const auto sheet = ExcelSheet::Survey(open, options, {});
  if (!sheet.ok()) return 0;
  int64_t rows = 0;
  const Status read = sheet->Read({},
                                  [&](ChangeBatch batch) {
                                    MR_CHECK(batch.rows->ValidateFull().ok(), "a batch is valid");
                                    rows += batch.rows->num_rows();
                                    return Status::Ok();
                                  },
                                  {});
  MR_CHECK(!read.ok() || rows == sheet->row_count(), "every row surveyed is read");
  return 0;
}
