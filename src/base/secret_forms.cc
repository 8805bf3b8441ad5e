#include "base/secret_forms.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/json.h"

namespace millrace {
namespace {

constexpr size_t kShortestLine = 16;
constexpr int kLinesMax = 1000;
constexpr std::string_view kSpace = " \t\r\n";

bool IsPlain(unsigned char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin);
}

/// Inside its quotes.
std::string JsonForm(std::string_view text, bool ascii) {
  const std::string quoted =
      Json(std::string(text)).dump(-1, ' ', ascii, Json::error_handler_t::replace);
  return quoted.substr(1, quoted.size() - 2);
}

/// The digits of \uXXXX as others write them: \u00E9.
std::string WithUpperDigits(std::string text) {
  for (size_t at = 0; (at = text.find('\\', at)) != std::string::npos; at += 2) {
    if (at + 1 >= text.size() || text[at + 1] != 'u') continue;
    for (size_t digit = at + 2; digit < std::min(at + 6, text.size()); ++digit) {
      if (text[digit] >= 'a' && text[digit] <= 'f')
        text[digit] = static_cast<char>(text[digit] - 32);
    }
  }
  return text;
}

/// repr() of Python, inside its quotes: double ones are taken when there are only single ones in
/// it. `bytes`: of its bytes.
std::string PythonForm(std::string_view text, bool bytes) {
  const bool both = text.find('\'') != text.npos && text.find('"') != text.npos;
  std::string form;
  for (const char character : text) {
    const auto c = static_cast<unsigned char>(character);
    if (c == '\\' || (c == '\'' && both)) {
      form += {'\\', character};
    } else if (c == '\n' || c == '\r' || c == '\t') {
      form += c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t";
    } else if (c < 0x20 || c == 0x7f || (bytes && c >= 0x80)) {
      form += fmt::format("\\x{:02x}", c);
    } else {
      form += character;
    }
  }
  return form;
}

/// Percent-encoded but for letters, digits, `safe` and what never needs it.
std::string UrlForm(std::string_view text, std::string_view safe, bool plus, bool upper) {
  constexpr std::string_view kNeverQuoted = "-._~";
  std::string form;
  for (const char character : text) {
    const auto c = static_cast<unsigned char>(character);
    if (IsPlain(c) || kNeverQuoted.find(character) != std::string_view::npos ||
        safe.find(character) != std::string_view::npos) {
      form += character;
    } else if (plus && character == ' ') {
      form += '+';
    } else {
      form += upper ? fmt::format("%{:02X}", c) : fmt::format("%{:02x}", c);
    }
  }
  return form;
}

void AddForms(std::string_view text, std::set<std::string>* forms) {
  forms->emplace(text);
  if (std::all_of(text.begin(), text.end(), [](char c) { return IsPlain(c); })) return;
  forms->insert(JsonForm(text, /*ascii=*/false));
  forms->insert(JsonForm(text, /*ascii=*/true));
  forms->insert(WithUpperDigits(JsonForm(text, /*ascii=*/true)));
  for (const bool bytes : {false, true}) forms->insert(PythonForm(text, bytes));
  for (const bool upper : {false, true}) {
    for (const std::string_view safe : {"", "/"}) {
      for (const bool plus : {false, true}) forms->insert(UrlForm(text, safe, plus, upper));
    }
  }
}

/// With the two characters \n as the break that they mean.
std::string WithBreaks(std::string_view text) {
  std::string with(text);
  for (size_t at = 0; (at = with.find("\\n", at)) != std::string::npos; ++at) {
    with.replace(at, 2, 1, '\n');
  }
  return with;
}

}  // namespace

std::vector<std::string> SecretForms(std::string_view secret) {
  std::set<std::string> forms;
  AddForms(secret, &forms);
  if (const std::string_view text = Trimmed(secret); text.size() < secret.size()) {
    AddForms(text, &forms);
  }
  const std::string with_breaks = WithBreaks(secret);
  std::string_view rest = with_breaks;
  if (rest.find('\n') == std::string_view::npos) rest = {};
  for (int lines = 0; lines < kLinesMax && !rest.empty(); ++lines) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = Trimmed(rest.substr(0, end));
    const bool says_what_follows = line.find("-----") != std::string_view::npos;
    if (line.size() >= kShortestLine && !says_what_follows) AddForms(line, &forms);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return {forms.begin(), forms.end()};
}

std::vector<std::string> SecretFormsOf(const std::vector<std::string>& secrets) {
  std::set<std::string> all;
  for (const std::string& secret : secrets) {
    for (std::string& form : SecretForms(secret)) all.insert(std::move(form));
  }
  std::vector<std::string> forms(all.begin(), all.end());
  std::stable_sort(forms.begin(), forms.end(),
                   [](const auto& a, const auto& b) { return a.size() > b.size(); });
  return forms;
}

}  // namespace millrace
