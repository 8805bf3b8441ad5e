#include "clients/s3/s3_document.h"

#include <curl/curl.h>

#include <charconv>
#include <cstdio>

namespace millrace {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

Result<std::unique_ptr<pugi::xml_document>> ParseS3Document(std::string_view body, const char* root,
                                                            std::string_view what) {
  auto document = std::make_unique<pugi::xml_document>();
  // Keys may end in blanks; a text of blanks only is one, too.
  const auto parsed = document->load_buffer(body.data(), body.size(),
                                            pugi::parse_default | pugi::parse_ws_pcdata_single);
  if (parsed && document->child(root)) return document;
  return Status::Failed({FailureType::kTransientError,
                         fmt::format("{}: the answer is not the expected {} document; check that "
                                     "the endpoint is an S3 one",
                                     what, root),
                         std::string(body.substr(0, 1000)),
                         {}});
}

std::string DecodeKey(std::string_view text, bool encoded) {
  if (!encoded) return std::string(text);
  std::string key;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 &&
        HexDigit(text[i + 2]) >= 0) {
      key += static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2]));
      i += 2;
    } else {
      key += text[i] == '+' ? ' ' : text[i];
    }
  }
  return key;
}

std::string EscapeXml(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        // A parser turns a bare line end or tab into something else.
        if (static_cast<unsigned char>(c) < 0x20) {
          escaped += fmt::format("&#{};", static_cast<int>(c));
        } else {
          escaped += c;
        }
    }
  }
  return escaped;
}

WallTime ParseS3Time(const std::string& text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0;
  double second = 0;
  if (std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%lf", &year, &month, &day, &hour, &minute,
                  &second) == 6) {
    const std::chrono::year_month_day date{std::chrono::year(year),
                                           std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    if (!date.ok() || !(second >= 0 && second < 61)) return WallTime{};
    return WallTime(std::chrono::sys_days(date).time_since_epoch() + std::chrono::hours(hour) +
                    std::chrono::minutes(minute) +
                    std::chrono::microseconds(static_cast<int64_t>(second * 1e6 + 0.5)));
  }
  const time_t when = curl_getdate(text.c_str(), nullptr);
  return when < 0 ? WallTime{} : WallTime(std::chrono::seconds(when));
}

int64_t ParseS3Size(std::string_view text) {
  int64_t size = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  return error == std::errc() && end == text.data() + text.size() ? size : -1;
}

}  // namespace millrace
