#include "declarative/requests/query_encoding.h"

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/requests/python_url.h"

namespace millrace {
namespace {

bool IsText(const PyValue& value) {
  return value.is_str() || value.kind() == PyValue::Kind::kBytes;
}

std::string Quote(const PyValue& value) {
  return UrlQuotePlus(IsText(value) ? value.str() : PyStr(value));
}

void AppendPair(const std::string& key, const PyValue& value, std::string* query) {
  if (!query->empty()) query->push_back('&');
  query->append(key).append("=").append(Quote(value));
}

/// What a value in a list stands for: itself, or the items in it (one level, then str()).
Status AppendItem(const std::string& key, const PyValue& item, std::string* query) {
  if (item.is_none()) return Status::Ok();
  if (IsText(item) || !PyIterable(item)) {
    AppendPair(key, item, query);
    return Status::Ok();
  }
  MR_ASSIGN_OR_RETURN(const PyList nested, PyIterate(item));
  for (const PyValue& value : nested) AppendPair(key, value, query);
  return Status::Ok();
}

}  // namespace

Result<std::string> EncodeQuery(const PyValue& params) {
  std::string query;
  if (params.is_none()) return query;
  if (!params.is_dict()) return PyError("TypeError", "request parameters have to be a mapping");
  for (const auto& [name, value] : params.dict()) {
    const std::string key = Quote(name);
    if (IsText(value) || !PyIterable(value)) {
      MR_RETURN_IF_ERROR(AppendItem(key, value, &query));
      continue;
    }
    MR_ASSIGN_OR_RETURN(const PyList items, PyIterate(value));
    for (const PyValue& item : items) MR_RETURN_IF_ERROR(AppendItem(key, item, &query));
  }
  return query;
}

}  // namespace millrace
