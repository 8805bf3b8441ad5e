#include "formats/csv_values.h"

#include <arrow/type.h>

#include "connector/number_type.h"
#include "formats/digit_run.h"
#include "formats/iso_time.h"
#include "formats/number_text.h"

namespace millrace {
namespace {

/// What pandas reads as missing unless told otherwise.
constexpr std::string_view kDefaultNulls[] = {
    "",     "#N/A", "#N/A N/A", "#NA",  "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
    "<NA>", "N/A",  "NA",       "NULL", "NaN",     "None",     "n/a",  "nan",  "null"};

/// Digits that an integer would write itself: no leading zero but "0" alone.
bool StartsLikeANumber(std::string_view text) {
  const size_t at = !text.empty() && text[0] == '-' ? 1 : 0;
  if (text.size() <= at || text[at] == '+') return false;
  return !(text[at] == '0' && at + 1 < text.size() && IsDigit(text[at + 1]));
}

bool IsInt(std::string_view text) {
  const size_t sign = text[0] == '-' ? 1 : 0;
  if (text.size() > 18 + sign) return StartsLikeANumber(text) && ParseInt64(text).has_value();
  if (text.size() == sign) return false;
  bool digits = true;
  size_t at = sign;
  for (; text.size() - at > 8; at += 8) digits &= AllDigits(LoadDigits(text.data() + at, 8));
  digits &= AllDigits(LoadDigits(text.data() + at, text.size() - at));
  return digits && (text[sign] != '0' || text.size() == sign + 1);
}

bool IsNumberText(std::string_view text) {
  return StartsLikeANumber(text) && IsDecimalNumber(text) && CanonicalNumber(text).has_value();
}

bool IsPlainDecimal(std::string_view text) {
  size_t at = text[0] == '-' ? 1 : 0;
  const size_t first = at;
  while (at < text.size() && IsDigit(text[at])) ++at;
  if (at == first || at >= text.size() || text[at] != '.') return false;
  if (text[first] == '0' && at - first > 1) return false;
  const size_t point = at++;
  while (at < text.size() && IsDigit(text[at])) ++at;
  return at == text.size() && at > point + 1;
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

CsvValues::CsvValues(const CsvOptions& options)
    : decimal_(options.decimal), thousands_(options.thousands), infer_dates_(options.infer_dates) {
  const auto add = [this](std::string_view text) {
    if (text.empty()) {
      empty_is_null_ = true;
    } else {
      nulls_[static_cast<unsigned char>(text[0])].emplace_back(text);
    }
  };
  if (options.keep_default_na) {
    for (const std::string_view text : kDefaultNulls) add(text);
  }
  for (const std::string& text : options.na_values) add(text);
}

std::string_view CsvValues::NumberText(std::string_view text, std::string& scratch) const {
  text = Trim(text);
  if (decimal_ == '.' && !thousands_) return text;
  scratch.clear();
  for (const char c : text) {
    if (thousands_ && c == *thousands_) continue;
    scratch += c == decimal_ ? '.' : c;
  }
  return scratch;
}

CsvKind CsvValues::KindOf(std::string_view text, CsvKind likely) const {
  if (likely == kCsvText) return kCsvText;  // a text column stays one, whatever comes
  const bool plain = decimal_ == '.' && !thousands_;
  if (text.empty()) return kCsvText;
  if (likely == kCsvInt && plain && IsInt(text)) return kCsvInt;
  if (likely == kCsvNumber && plain && IsPlainDecimal(text)) return kCsvNumber;
  if (likely == kCsvDate && ParseIsoDate(text)) return kCsvDate;
  std::string scratch;
  const std::string_view number = NumberText(text, scratch);
  if (!number.empty()) {
    if (IsInt(number)) return kCsvInt;
    if (IsNumberText(number)) return kCsvNumber;
  }
  if (ParseCsvBool(text) >= 0) return kCsvBool;
  if (infer_dates_) {
    if (ParseIsoDate(text)) return kCsvDate;
    if (const auto time = ParseIsoTimestamp(text); time && time->exact) {
      return time->has_zone ? kCsvZonedTime : kCsvLocalTime;
    }
  }
  return kCsvText;
}

std::shared_ptr<arrow::DataType> CsvValues::TypeOf(uint8_t kinds) {
  switch (kinds) {
    case kCsvBool:
      return arrow::boolean();
    case kCsvInt:
      return arrow::int64();
    case kCsvNumber:
    case kCsvNumber | kCsvInt:
      return number();
    case kCsvDate:
      return arrow::date32();
    case kCsvLocalTime:
      return arrow::timestamp(arrow::TimeUnit::MICRO);
    case kCsvZonedTime:
      return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    default:
      return arrow::utf8();
  }
}

int ParseCsvBool(std::string_view text) {
  if (text == "true" || text == "True" || text == "TRUE") return 1;
  if (text == "false" || text == "False" || text == "FALSE") return 0;
  return -1;
}

}  // namespace millrace
