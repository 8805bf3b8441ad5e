#include "lake/merge/cursor_text.h"

#include <arrow/array.h>
#include <arrow/type.h>

#include <bit>
#include <cstring>

namespace millrace {
namespace {

constexpr char kValue = 1;  // in front of every value that is not null

/// Big-endian, for two's complement numbers of any width in little-endian bytes.
void AppendSigned(const uint8_t* bytes, int width, std::string* text) {
  for (int i = width - 1; i >= 0; --i) {
    *text += static_cast<char>(i == width - 1 ? bytes[i] ^ 0x80 : bytes[i]);
  }
}

void AppendDouble(double value, std::string* text) {
  if (value == 0) value = 0;  // -0.0
  auto bits = std::bit_cast<uint64_t>(value);
  // Negative numbers grow the other way.
  bits = (bits >> 63) != 0 ? ~bits ^ (uint64_t{1} << 63) : bits;
  AppendSigned(reinterpret_cast<const uint8_t*>(&bits), 8, text);
}

}  // namespace

std::string CursorText(const arrow::Array& column, int64_t row) {
  std::string text;
  if (column.IsNull(row)) return text;
  text += kValue;
  switch (column.type_id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      text += static_cast<const arrow::BinaryArray&>(column).GetView(row);
      break;
    case arrow::Type::BOOL:
      text += static_cast<const arrow::BooleanArray&>(column).Value(row) ? '1' : '0';
      break;
    case arrow::Type::DOUBLE:
      AppendDouble(static_cast<const arrow::DoubleArray&>(column).Value(row), &text);
      break;
    default: {
      const int width = static_cast<const arrow::FixedWidthType&>(*column.type()).bit_width() / 8;
      const uint8_t* values = column.data()->buffers[1]->data();
      AppendSigned(values + (column.offset() + row) * width, width, &text);
    }
  }
  return text;
}

}  // namespace millrace
