#include "declarative/jinja/jinja_html.h"

#include <charconv>
#include <utility>

#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_text.h"

namespace millrace {
namespace {

constexpr std::pair<std::string_view, std::string_view> kNamedEntities[] = {
    {"amp", "&"},         {"lt", "<"},          {"gt", ">"},         {"quot", "\""},
    {"apos", "'"},        {"nbsp", "\u00a0"},   {"copy", "\u00a9"},  {"reg", "\u00ae"},
    {"raquo", "\u00bb"},  {"laquo", "\u00ab"},  {"mdash", "\u2014"}, {"ndash", "\u2013"},
    {"hellip", "\u2026"}, {"euro", "\u20ac"},   {"pound", "\u00a3"}, {"trade", "\u2122"},
    {"lsquo", "\u2018"},  {"rsquo", "\u2019"},  {"ldquo", "\u201c"}, {"rdquo", "\u201d"},
    {"bull", "\u2022"},   {"middot", "\u00b7"}, {"times", "\u00d7"}, {"deg", "\u00b0"}};

/// The text of an entity's name; empty when it isn't known.
std::string EntityText(std::string_view name) {
  if (name.starts_with('#')) {
    name.remove_prefix(1);
    const bool hex = name.starts_with('x') || name.starts_with('X');
    if (hex) name.remove_prefix(1);
    uint32_t code = 0;
    const auto end = name.data() + name.size();
    const auto parsed = std::from_chars(name.data(), end, code, hex ? 16 : 10);
    if (parsed.ec != std::errc() || parsed.ptr != end || code > 0x10FFFF || code == 0) return {};
    std::string text;
    AppendCodePoint(code, &text);
    return text;
  }
  for (const auto& [known, text] : kNamedEntities) {
    if (known == name) return std::string(text);
  }
  return {};
}

std::string WithEntitiesResolved(std::string_view html) {
  constexpr size_t kNameSizeMax = 32;
  std::string text;
  for (size_t at = 0; at < html.size();) {
    const size_t end = html[at] == '&' ? html.substr(at, kNameSizeMax).find(';') : html.npos;
    const std::string entity =
        end == html.npos ? std::string() : EntityText(html.substr(at + 1, end - 1));
    if (entity.empty()) {
      text.push_back(html[at++]);
    } else {
      text += entity;
      at += end + 1;
    }
  }
  return text;
}

}  // namespace

std::string EscapedHtml(std::string_view text) {
  std::string escaped;
  AppendHtmlEscaped(text, &escaped);
  return escaped;
}

std::string WithoutTags(std::string_view html) {
  std::string plain;
  size_t at = 0;
  for (size_t start = html.find('<'); start != html.npos; start = html.find('<', at)) {
    const bool comment = html.substr(start).starts_with("<!--");
    const size_t end = comment ? html.find("-->", start + 4) : html.find('>', start);
    if (end == html.npos) break;
    plain += html.substr(at, start - at);
    at = end + (comment ? 3 : 1);
  }
  plain += html.substr(at);
  const std::string resolved = WithEntitiesResolved(plain);
  std::string words;
  bool space = false;
  for (size_t from = 0; from < resolved.size();) {
    const size_t start = from;
    if (IsPySpace(NextCodePoint(resolved, &from))) {
      space = true;
      continue;
    }
    if (space && !words.empty()) words.push_back(' ');
    space = false;
    words.append(resolved, start, from - start);
  }
  return words;
}

}  // namespace millrace
