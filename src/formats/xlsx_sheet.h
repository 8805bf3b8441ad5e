#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/byte_reader.h"
#include "base/result.h"
#include "formats/xlsx_workbook.h"
#include "formats/xml_feed.h"

namespace millrace {

/// A cell that holds something.
struct XlsxCell {
  enum class Kind : uint8_t { kText, kNumber, kBool, kTimestamp, kTime };

  int column = 0;  ///< from 0
  Kind kind = Kind::kText;
  std::string text;    ///< kText
  double number = 0;   ///< kNumber
  int64_t micros = 0;  ///< kTimestamp: since 1970, local; kTime: since midnight; kBool: 0 or 1
};

struct XlsxRow {
  int64_t number = 0;  ///< from 1, as Excel counts
  std::vector<XlsxCell> cells;
};

/// Reads the rows of one sheet that have cells, top down, within the memory of a block of XML and
/// its rows. Of formulas the values that Excel left with them; errors (#N/A) are empty cells; of
/// merged cells the first has the value. One thread.
class XlsxSheetReader {
 public:
  static constexpr int64_t kRowsMax = 1'048'576;  ///< Excel's own limits
  static constexpr int kColumnsMax = 16'384;

  /// `workbook` outlives the reader.
  static Result<std::unique_ptr<XlsxSheetReader>> Open(const XlsxWorkbook& workbook,
                                                       const std::string& part);
  ~XlsxSheetReader();

  /// False at the end. Config errors name the row.
  Result<bool> Next(XlsxRow* row);

 private:
  class Events;

  XlsxSheetReader();

  std::unique_ptr<ByteReader> bytes_;
  std::unique_ptr<Events> events_;
  std::unique_ptr<XmlFeed> feed_;
};

/// The point in time that a serial number stands for, to the millisecond; false when it is none.
bool XlsxTime(double serial, bool from_1904, int64_t* micros);

/// "AB12" → column 27; -1 when it is none.
int XlsxColumn(std::string_view reference);

}  // namespace millrace
