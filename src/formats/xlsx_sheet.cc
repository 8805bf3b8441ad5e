#include "formats/xlsx_sheet.h"

#include <charconv>
#include <cmath>
#include <string_view>
#include <utility>

#include "base/micros_per_day.h"
#include "formats/iso_time.h"

namespace millrace {
namespace {

constexpr size_t kCellBytesMax = 1 << 20;  // Excel's limit is 32,767 characters

bool ParseDouble(std::string_view text, double* value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(*value);
}

}  // namespace

int XlsxColumn(std::string_view reference) {
  int column = 0;
  for (const char c : reference) {
    if (c < 'A' || c > 'Z') break;
    column = column * 26 + (c - 'A' + 1);
    if (column > XlsxSheetReader::kColumnsMax) return -1;
  }
  return column - 1;
}

bool XlsxTime(double serial, bool from_1904, int64_t* micros) {
  constexpr double kSerialMax = 2'958'466;  // the end of 9999
  if (!(serial >= 0 && serial < kSerialMax)) return false;
  // Days of the Unix epoch. The older system has a 29 February 1900 that never was.
  int64_t epoch = from_1904 ? -24'107 : -25'569;
  if (!from_1904 && serial < 60) epoch += 1;
  const double day = std::floor(serial);
  const int64_t millis = std::llround((serial - day) * 86'400'000.0);
  *micros = (static_cast<int64_t>(day) + epoch) * kMicrosPerDay + millis * 1000;
  return true;
}

/// Makes rows of a sheet's elements.
class XlsxSheetReader::Events : public XmlEvents {
 public:
  explicit Events(const XlsxWorkbook& workbook) : workbook_(workbook) {}

  bool Start(std::string_view name, const std::vector<Attribute>& attributes) override {
    if (name == "row") return StartRow(attributes);
    if (name == "c") return StartCell(attributes);
    if (name == "v" || (name == "t" && inline_text_ && !phonetic_)) in_value_ = in_cell_;
    if (name == "is") inline_text_ = in_cell_;
    if (name == "rPh") phonetic_ = true;
    return true;
  }

  bool End(std::string_view name) override {
    if (name == "v" || name == "t") in_value_ = false;
    if (name == "is") inline_text_ = false;
    if (name == "rPh") phonetic_ = false;
    if (name == "c") return EndCell();
    if (name == "row") {
      in_row_ = false;
      if (!row_.cells.empty()) rows.push_back(std::move(row_));
      row_ = {};
    }
    return true;
  }

  bool Text(std::string_view text) override {
    if (!in_value_) return true;
    if (value_.size() + text.size() > kCellBytesMax) return Fail("a cell holds more than 1 MiB");
    value_ += text;
    return true;
  }

  Status Failure() const override {
    if (failure_ == nullptr) return Status::Ok();
    return ConfigError("row {}: {}", row_number_, failure_);
  }

  std::deque<XlsxRow> rows;

 private:
  bool Fail(const char* what) {
    failure_ = what;
    return false;
  }

  bool StartRow(const std::vector<Attribute>& attributes) {
    ++row_number_;
    for (const Attribute& attribute : attributes) {
      if (attribute.name != "r") continue;
      int64_t number = 0;
      std::from_chars(attribute.value.data(), attribute.value.data() + attribute.value.size(),
                      number);
      if (number < row_number_) return Fail("rows are out of order");
      row_number_ = number;
    }
    if (row_number_ > kRowsMax) return Fail("there are more rows than a sheet has");
    in_row_ = true;
    row_.number = row_number_;
    column_ = -1;
    return true;
  }

  bool StartCell(const std::vector<Attribute>& attributes) {
    if (!in_row_) return Fail("a cell stands outside of rows");
    int column = column_ + 1;
    type_.clear();
    style_ = 0;
    value_.clear();
    for (const Attribute& attribute : attributes) {
      if (attribute.name == "r") {
        column = XlsxColumn(attribute.value);
      } else if (attribute.name == "t") {
        type_ = attribute.value;
      } else if (attribute.name == "s") {
        std::from_chars(attribute.value.data(), attribute.value.data() + attribute.value.size(),
                        style_);
      }
    }
    if (column <= column_ || column >= kColumnsMax) return Fail("cells are out of order");
    column_ = column;
    in_cell_ = true;
    return true;
  }

  bool EndCell() {
    in_cell_ = false;
    XlsxCell cell;
    cell.column = column_;
    if (type_ == "e" || (value_.empty() && type_ != "inlineStr" && type_ != "str")) return true;
    if (type_ == "s") {
      size_t index = 0;
      const auto [end, error] =
          std::from_chars(value_.data(), value_.data() + value_.size(), index);
      if (error != std::errc() || index >= workbook_.shared_texts().size()) {
        return Fail("a cell names a shared text that is not there");
      }
      cell.text = workbook_.shared_texts()[index];
    } else if (type_ == "str" || type_ == "inlineStr") {
      cell.text = UnescapeXlsxText(value_);
    } else if (type_ == "b") {
      cell.kind = XlsxCell::Kind::kBool;
      cell.micros = value_ == "1" || value_ == "true" ? 1 : 0;
    } else if (type_ == "d") {
      TakeIsoTime(cell);
    } else if (!TakeNumber(cell)) {
      return Fail("a cell's number is none");
    }
    row_.cells.push_back(std::move(cell));
    return true;
  }

  void TakeIsoTime(XlsxCell& cell) {
    if (const auto time = ParseIsoTimestamp(value_)) {
      cell.kind = XlsxCell::Kind::kTimestamp;
      cell.micros = time->micros + time->offset_micros;
    } else if (const auto date = ParseIsoDate(value_)) {
      cell.kind = XlsxCell::Kind::kTimestamp;
      cell.micros = *date * kMicrosPerDay;
    } else {
      cell.text = value_;
    }
  }

  bool TakeNumber(XlsxCell& cell) {
    if (!ParseDouble(value_, &cell.number)) return false;
    cell.kind = XlsxCell::Kind::kNumber;
    if (!workbook_.IsDate(style_)) return true;
    int64_t micros = 0;
    if (!XlsxTime(cell.number, workbook_.counts_from_1904(), &micros)) return true;
    const bool time_alone = cell.number < 1;
    cell.kind = time_alone ? XlsxCell::Kind::kTime : XlsxCell::Kind::kTimestamp;
    cell.micros = time_alone ? ((micros % kMicrosPerDay) + kMicrosPerDay) % kMicrosPerDay : micros;
    return true;
  }

  const XlsxWorkbook& workbook_;
  XlsxRow row_;
  int64_t row_number_ = 0;
  int column_ = -1;
  std::string type_, value_;
  size_t style_ = 0;
  bool in_row_ = false, in_cell_ = false, in_value_ = false;
  bool inline_text_ = false, phonetic_ = false;
  const char* failure_ = nullptr;
};

XlsxSheetReader::XlsxSheetReader() = default;
XlsxSheetReader::~XlsxSheetReader() = default;

Result<std::unique_ptr<XlsxSheetReader>> XlsxSheetReader::Open(const XlsxWorkbook& workbook,
                                                               const std::string& part) {
  std::unique_ptr<XlsxSheetReader> reader(new XlsxSheetReader);
  MR_ASSIGN_OR_RETURN(reader->bytes_, workbook.OpenPart(part));
  reader->events_ = std::make_unique<Events>(workbook);
  reader->feed_ = std::make_unique<XmlFeed>(*reader->bytes_, *reader->events_);
  return reader;
}

Result<bool> XlsxSheetReader::Next(XlsxRow* row) {
  while (events_->rows.empty()) {
    MR_ASSIGN_OR_RETURN(const bool more, feed_->Step());
    if (!more && events_->rows.empty()) return false;
  }
  *row = std::move(events_->rows.front());
  events_->rows.pop_front();
  return true;
}

}  // namespace millrace
