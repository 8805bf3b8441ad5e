#include "formats/avro_json.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "formats/value_text.h"

namespace millrace {
namespace {

using AvroKind = AvroType::Kind;
using Logical = AvroType::Logical;

constexpr size_t kDecimalBytesMax = 4200;  // of 10,000 digits

/// A time of day or of the calendar, in quotes.
void AppendTimeValue(const AvroType& type, int64_t value, std::string& out) {
  using Unit = arrow::TimeUnit;
  out += '"';
  switch (type.logical) {
    case Logical::kDate:
      AppendDate(value, out);
      break;
    case Logical::kTimeMillis:
      AppendTime(value, Unit::MILLI, out);
      break;
    case Logical::kTimeMicros:
      AppendTime(value, Unit::MICRO, out);
      break;
    case Logical::kMillis:
      AppendTimestamp(value, Unit::MILLI, !type.local_time, out);
      break;
    case Logical::kMicros:
      AppendTimestamp(value, Unit::MICRO, !type.local_time, out);
      break;
    default:
      AppendTimestamp(value, Unit::NANO, !type.local_time, out);
      break;
  }
  out += '"';
}

bool AppendBytes(const AvroType& type, AvroCursor& cursor, std::string& out) {
  std::string_view bytes;
  const bool read = type.kind == AvroKind::kFixed ? cursor.ReadBytes(type.size, &bytes)
                                                  : cursor.ReadSized(&bytes);
  if (!read) return false;
  if (type.kind == AvroKind::kString) {
    AppendJsonString(bytes, out);
  } else if (type.logical == Logical::kDecimal) {
    if (bytes.size() > kDecimalBytesMax) return false;
    out += AvroDecimalText(bytes, type.scale);
  } else {
    out += '"';
    AppendBase64(bytes, out);
    out += '"';
  }
  return true;
}

bool AppendNested(const AvroType& type, AvroCursor& cursor, int64_t& items_left, std::string& out) {
  const bool map = type.kind == AvroKind::kMap;
  const AvroType& values = *type.children[0];
  out += map ? '{' : '[';
  bool first = true;
  for (int64_t count = 1; count != 0;) {
    if (!ReadAvroBlock(cursor, values.bytes_min + (map ? 1 : 0), items_left, &count)) return false;
    for (int64_t item = 0; item < count; ++item) {
      if (!first) out += ',';
      first = false;
      if (map) {
        std::string_view key;
        if (!cursor.ReadSized(&key)) return false;
        AppendJsonString(key, out);
        out += ':';
      }
      if (!AppendAvroJson(values, cursor, items_left, out)) return false;
    }
  }
  out += map ? '}' : ']';
  return true;
}

}  // namespace

bool ReadAvroBlock(AvroCursor& cursor, int64_t item_bytes_min, int64_t& items_left,
                   int64_t* count) {
  if (!cursor.ReadLong(count)) return false;
  if (*count < 0) {
    if (*count == INT64_MIN) return false;
    *count = -*count;
    int64_t bytes = 0;
    if (!cursor.ReadLong(&bytes) || bytes < 0) return false;
  }
  if (item_bytes_min > 0) return *count <= cursor.left() / item_bytes_min;
  items_left -= *count;
  return items_left >= 0;
}

std::string AvroDecimalText(std::string_view bytes, int scale) {
  // Division of the magnitude by ten to the ninth, as at school: the values are short.
  std::vector<uint8_t> magnitude(bytes.begin(), bytes.end());
  const bool negative = !magnitude.empty() && (magnitude[0] & 0x80) != 0;
  if (negative) {
    int carry = 1;
    for (size_t at = magnitude.size(); at-- > 0;) {
      const int sum = (~magnitude[at] & 0xff) + carry;
      magnitude[at] = static_cast<uint8_t>(sum);
      carry = sum >> 8;
    }
  }
  std::string digits;  // backwards
  size_t begin = 0;
  while (begin < magnitude.size()) {
    uint64_t rest = 0;
    for (size_t at = begin; at < magnitude.size(); ++at) {
      rest = rest << 8 | magnitude[at];
      magnitude[at] = static_cast<uint8_t>(rest / 10);
      rest %= 10;
    }
    digits += static_cast<char>('0' + rest);
    while (begin < magnitude.size() && magnitude[begin] == 0) ++begin;
  }
  while (digits.size() <= static_cast<size_t>(scale)) digits += '0';
  if (scale > 0) digits.insert(static_cast<size_t>(scale), 1, '.');
  if (negative) digits += '-';
  std::reverse(digits.begin(), digits.end());
  return digits;
}

bool AppendAvroJson(const AvroType& type, AvroCursor& cursor, int64_t& items_left,
                    std::string& out) {
  int64_t number = 0;
  switch (type.kind) {
    case AvroKind::kNull:
      out += "null";
      return true;
    case AvroKind::kBoolean: {
      std::string_view byte;
      if (!cursor.ReadBytes(1, &byte) || static_cast<uint8_t>(byte[0]) > 1) return false;
      out += byte[0] != 0 ? "true" : "false";
      return true;
    }
    case AvroKind::kInt:
    case AvroKind::kLong:
      if (!cursor.ReadLong(&number)) return false;
      if (type.logical == Logical::kNone) {
        out += fmt::format_int(number).c_str();
      } else {
        AppendTimeValue(type, number, out);
      }
      return true;
    case AvroKind::kFloat: {
      float value = 0;
      if (!cursor.ReadFixed(&value)) return false;
      AppendFloat(value, out);
      return true;
    }
    case AvroKind::kDouble: {
      double value = 0;
      if (!cursor.ReadFixed(&value)) return false;
      AppendDouble(value, out);
      return true;
    }
    case AvroKind::kBytes:
    case AvroKind::kString:
    case AvroKind::kFixed:
      return AppendBytes(type, cursor, out);
    case AvroKind::kEnum:
      if (!cursor.ReadLong(&number) || number < 0 ||
          number >= static_cast<int64_t>(type.names.size())) {
        return false;
      }
      AppendJsonString(type.names[static_cast<size_t>(number)], out);
      return true;
    case AvroKind::kArray:
    case AvroKind::kMap:
      return AppendNested(type, cursor, items_left, out);
    case AvroKind::kRecord:
      out += '{';
      for (size_t at = 0; at < type.children.size(); ++at) {
        if (at > 0) out += ',';
        AppendJsonString(type.names[at], out);
        out += ':';
        if (!AppendAvroJson(*type.children[at], cursor, items_left, out)) return false;
      }
      out += '}';
      return true;
    case AvroKind::kUnion:
      if (!cursor.ReadLong(&number) || number < 0 ||
          number >= static_cast<int64_t>(type.children.size())) {
        return false;
      }
      return AppendAvroJson(*type.children[static_cast<size_t>(number)], cursor, items_left, out);
  }
  return false;
}

bool SkipAvro(const AvroType& type, AvroCursor& cursor, int64_t& items_left) {
  std::string unused;
  return AppendAvroJson(type, cursor, items_left, unused);
}

bool AppendAvroText(const AvroType& type, AvroCursor& cursor, std::string& out) {
  int64_t number = 0;
  std::string_view text;
  if (type.kind == AvroKind::kString) {
    if (!cursor.ReadSized(&text)) return false;
    out += text;
    return true;
  }
  if (type.kind == AvroKind::kEnum) {
    if (!cursor.ReadLong(&number) || number < 0 ||
        number >= static_cast<int64_t>(type.names.size())) {
      return false;
    }
    out += type.names[static_cast<size_t>(number)];
    return true;
  }
  int64_t items_left = 0;
  std::string json;
  if (!AppendAvroJson(type, cursor, items_left, json)) return false;
  const bool quoted = json.size() >= 2 && json.front() == '"';
  out += quoted ? std::string_view(json).substr(1, json.size() - 2) : std::string_view(json);
  return true;
}

}  // namespace millrace
