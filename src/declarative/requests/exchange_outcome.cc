#include "declarative/requests/exchange_outcome.h"

#include "clients/http/http_error.h"
#include "declarative/jinja/py_json.h"
#include "declarative/jinja/py_operators.h"
#include "formats/utf8_text.h"

namespace millrace {
namespace {

constexpr int kMessageDepthMax = 100;
// In which members of an object an API tells what went wrong; the first that isn't empty counts.
constexpr std::string_view kMessageKeys[] = {
    "message", "messages", "error",         "errors", "failures", "failure",
    "detail",  "err",      "error_message", "msg",    "reason",   "status_message"};

std::optional<std::string> FindMessage(const PyValue& value, int depth) {
  if (depth > kMessageDepthMax) return std::nullopt;
  if (value.is_str()) return value.str();
  if (value.is_list()) {
    std::string joined;
    bool first = true;
    for (const PyValue& item : value.items()) {
      const auto found = FindMessage(item, depth + 1);
      if (!found) continue;
      if (!first) joined += ", ";
      joined += *found;
      first = false;
    }
    return joined;
  }
  if (!value.is_dict()) return std::nullopt;
  const PyValue* chosen = nullptr;
  for (const std::string_view key : kMessageKeys) {
    chosen = value.Find(key);
    if (chosen != nullptr && PyTruthy(*chosen)) break;
  }
  return chosen == nullptr ? std::nullopt : FindMessage(*chosen, depth + 1);
}

}  // namespace

std::string ExchangeOutcome::exception_class() const {
  const std::string text = exception();
  return text.substr(0, text.find(':'));
}

const PyValue& ExchangeOutcome::Json() const {
  if (!json_) {
    auto parsed = ParsePyJson(std::string_view(response_->body), PyJsonDialect::kPython);
    is_json_ = parsed.ok();
    json_ = parsed.ok() ? *std::move(parsed) : PyValue(PyDict());
  }
  return *json_;
}

bool ExchangeOutcome::is_json() const {
  Json();
  return is_json_;
}

const PyValue& ExchangeOutcome::Headers() const {
  if (!headers_) headers_ = response_->HeadersForFilters();
  return *headers_;
}

const std::optional<std::string>& ExchangeOutcome::ErrorMessage() const {
  if (!message_) {
    if (is_json()) {
      message_ = FindMessage(Json(), 0);
    } else if (const auto size = static_cast<int64_t>(response_->body.size());
               FirstInvalidUtf8(response_->body.data(), size) == size) {
      message_ = response_->body;
    } else {
      message_ = std::optional<std::string>();
    }
  }
  return *message_;
}

PyValue ExchangeOutcome::RequestUrl() const { return PyValue(SafeUrl(response_->url)); }

}  // namespace millrace
