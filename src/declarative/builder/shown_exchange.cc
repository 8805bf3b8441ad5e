#include "declarative/builder/shown_exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/secrets.h"

namespace millrace {
namespace {

/// Of one reply: more than anybody looks at.
constexpr int64_t kBodyBytesMax = 1 << 20;

/// Headers that hold credentials and nothing else.
constexpr std::string_view kCredentials[] = {"authorization", "proxy-authorization", "cookie",
                                             "set-cookie"};

Json ShownHeaders(const HttpHeaders& headers) {
  Json shown = Json::object();
  for (const auto& [name, value] : headers) shown[name] = value;
  return shown;
}

/// `text` cut so that no character of several bytes is torn.
std::string_view CutAt(std::string_view text, size_t bytes) {
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) --bytes;
  return text.substr(0, bytes);
}

std::string Lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::string PercentDecoded(std::string_view text) {
  std::string plain;
  for (size_t at = 0; at < text.size(); ++at) {
    const bool triple = text[at] == '%' && at + 2 < text.size() && HexDigit(text[at + 1]) >= 0 &&
                        HexDigit(text[at + 2]) >= 0;
    if (triple) {
      plain += static_cast<char>(HexDigit(text[at + 1]) * 16 + HexDigit(text[at + 2]));
      at += 2;
    } else {
      plain += text[at] == '+' ? ' ' : text[at];
    }
  }
  return plain;
}

/// The parts between / ? & = that are secrets once they are decoded are masked as a whole.
std::string StrikeEncoded(std::string_view text) {
  std::string struck;
  while (!text.empty()) {
    const size_t end = std::min(text.find_first_of("/?&="), text.size());
    const std::string_view part = text.substr(0, end);
    const bool encoded = part.find_first_of("%+") != part.npos;
    const std::string plain = encoded ? PercentDecoded(part) : std::string();
    struck += encoded && Secrets::Redact(plain) != plain ? kSecretMask : part;
    if (end < text.size()) struck += text[end];
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return struck;
}

/// "Bearer …": the scheme stays.
std::string MaskCredential(std::string_view value) {
  const size_t blank = value.find(' ');
  const bool scheme =
      blank != value.npos && blank < 20 && value.substr(0, blank).find('=') == value.npos;
  return (scheme ? std::string(value.substr(0, blank + 1)) : std::string()) +
         std::string(kSecretMask);
}

void StrikeHeaders(Json* headers) {
  for (auto& [name, value] : headers->items()) {
    if (std::ranges::find(kCredentials, Lower(name)) != std::end(kCredentials)) {
      value = MaskCredential(value.get_ref<const std::string&>());
    }
  }
}

}  // namespace

Json ShownRequest(const ApiRequest& request, const ApiResponse& response) {
  Json shown{{"url", response.url.empty() ? request.url : response.url},
             {"headers", ShownHeaders(request.headers)},
             {"http_method", request.method}};
  if (request.has_body) shown["body"] = request.body;
  return shown;
}

Json ShownResponse(const ApiResponse& response, int64_t* bytes) {
  Json shown{{"status", response.status}, {"headers", ShownHeaders(response.headers)}};
  if (!response.decoded && !response.Header("Content-Encoding").empty()) {
    shown["body"] = fmt::format("({} bytes, compressed)", response.body.size());
    return shown;
  }
  const auto allowed = static_cast<size_t>(std::min(kBodyBytesMax, *bytes));
  // The text of a reply in another character set may be twice as long.
  std::string text = response.Text();
  const size_t size = text.size();
  if (size > allowed) {
    text = fmt::format("{}… ({} bytes in all)", CutAt(text, allowed), size);
  }
  *bytes -= static_cast<int64_t>(std::min(size, allowed));
  shown["body"] = std::move(text);
  return shown;
}

void StrikeSecrets(Json* shown) {
  if (shown->is_string()) {
    *shown = Secrets::Redact(shown->get_ref<const std::string&>());
    return;
  }
  if (shown->is_object()) {
    if (const auto headers = shown->find("headers");
        headers != shown->end() && headers->is_object()) {
      StrikeHeaders(&*headers);
    }
    const bool request = shown->contains("http_method");
    for (const char* field : {"url", "body"}) {
      const auto text = shown->find(field);
      if (!request || text == shown->end() || !text->is_string()) continue;
      *text = StrikeEncoded(text->get_ref<const std::string&>());
    }
  }
  if (!shown->is_structured()) return;
  for (Json& member : *shown) StrikeSecrets(&member);
}

}  // namespace millrace
