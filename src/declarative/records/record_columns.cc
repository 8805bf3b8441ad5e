#include "declarative/records/record_columns.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

#include "declarative/jinja/py_json.h"
#include "declarative/records/record_json.h"
#include "formats/json_batch_decoder.h"
#include "formats/utf8_text.h"

namespace millrace {
namespace {

using Column = JsonCoercion::Column;
using Kind = PyValue::Kind;

/// Whether the text is UTF-8: it may have half a surrogate pair, whose first byte is 0xED.
bool IsUtf8Text(const std::string& text) {
  return std::memchr(text.data(), 0xED, text.size()) == nullptr ||
         FirstInvalidUtf8(text.data(), static_cast<int64_t>(text.size())) ==
             static_cast<int64_t>(text.size());
}

}  // namespace

/// One row while it is filled.
class RecordColumns::Row {
 public:
  Row(JsonBatchDecoder::Filling filling, std::string* text, std::string* kept)
      : filling_(filling), text_(*text), kept_(*kept) {}

  void Fill(const PyDict& record) {
    int last = -1;
    for (const auto& [key, value] : record) {
      const int at = filling_.keys.Find(NameOf(key), &last);
      if (at >= 0) {
        const Column& column = filling_.columns[static_cast<size_t>(at)];
        filling_.MakeReady(column);  // 1 and "1" are one key in JSON
        Append(value, column);
      } else if (filling_.kept_members != nullptr) {
        Keep(key, value);
      } else {
        filling_.coercion.CountUndeclared();
      }
    }
    if (kept_.empty()) return;
    kept_ += '}';
    filling_.Keep(kept_);
    kept_.clear();
  }

 private:
  std::string_view NameOf(const PyValue& key) {
    if (key.is_str()) return key.str();
    text_.clear();
    AppendKeyText(key, &text_);
    return text_;
  }

  void Keep(const PyValue& key, const PyValue& value) {
    kept_ += kept_.empty() ? '{' : ',';
    AppendRecordJson(PyValue(NameOf(key)), &kept_);
    kept_ += ':';
    AppendRecordJson(value, &kept_);
  }

  void Append(const PyValue& value, const Column& column);
  void AppendNumber(const PyValue& value, const Column& column);
  void AppendStruct(const PyDict& members, const Column& column);
  std::string_view Json(const PyValue& value) {
    text_.clear();
    AppendRecordJson(value, &text_);
    return text_;
  }

  const JsonBatchDecoder::Filling filling_;
  std::string &text_, &kept_;
};

void RecordColumns::Row::Append(const PyValue& value, const Column& column) {
  if (value.is_none() || (value.is_float() && !std::isfinite(value.as_float()))) {
    return column.builder->AppendNull();
  }
  if (column.target == JsonTarget::kJson) return column.builder->AppendText(Json(value));
  switch (value.kind()) {
    case Kind::kStr:
      if (IsUtf8Text(value.str())) {
        return filling_.coercion.AppendText(column, value.str(), filling_.row);
      }
      return filling_.coercion.AppendBrokenText(column, filling_.row);
    case Kind::kBool:
      return filling_.coercion.AppendBool(column, value.as_bool(), filling_.row);
    case Kind::kInt:
    case Kind::kBigInt:
    case Kind::kFloat:
      return AppendNumber(value, column);
    case Kind::kList:
    case Kind::kTuple:
      if (column.target != JsonTarget::kList) break;
      for (const PyValue& item : value.items()) Append(item, column.children[0]);
      return column.builder->CommitList();
    case Kind::kDict:
      if (column.target != JsonTarget::kStruct) break;
      return AppendStruct(value.dict(), column);
    default:
      break;
  }
  if (column.target != JsonTarget::kText) {
    return filling_.coercion.AppendMisfit(column, filling_.row);
  }
  column.builder->AppendText(Json(value));
}

void RecordColumns::Row::AppendNumber(const PyValue& value, const Column& column) {
  if (value.is_int() && column.target == JsonTarget::kInt64) {
    return column.builder->AppendInt64(value.as_int());
  }
  if (value.is_float() && column.target == JsonTarget::kDouble) {
    return column.builder->AppendDouble(value.as_float());
  }
  if (!value.is_int()) return filling_.coercion.AppendNumber(column, Json(value), filling_.row);
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value.as_int()).ptr;
  filling_.coercion.AppendNumber(column, {digits, static_cast<size_t>(end - digits)}, filling_.row);
}

void RecordColumns::Row::AppendStruct(const PyDict& members, const Column& column) {
  const int64_t length = column.builder->length();
  const std::vector<Column>& fields = column.children;
  size_t next = 0;  // where the search begins: objects repeat their keys in one order
  for (const auto& [key, value] : members) {
    const Column* child = nullptr;
    for (size_t tried = 0; key.is_str() && tried < fields.size() && child == nullptr; ++tried) {
      const Column& field = fields[next];
      next = next + 1 == fields.size() ? 0 : next + 1;
      if (field.name == key.str()) child = &field;
    }
    if (child == nullptr) {
      filling_.coercion.CountUndeclared();
      continue;
    }
    if (child->builder->length() > length) child->builder->RemoveLast();
    Append(value, *child);
  }
  column.builder->CommitStruct();
}

RecordColumns::RecordColumns(std::unique_ptr<JsonBatchDecoder> decoder)
    : decoder_(std::move(decoder)) {}

RecordColumns::~RecordColumns() = default;

Result<std::unique_ptr<RecordColumns>> RecordColumns::Make(SchemaPtr schema, bool keep_undeclared) {
  MR_ASSIGN_OR_RETURN(auto decoder, JsonBatchDecoder::Make(std::move(schema), keep_undeclared));
  return std::unique_ptr<RecordColumns>(new RecordColumns(std::move(decoder)));
}

Status RecordColumns::Append(const PyValue& record) {
  if (!record.is_dict()) return SystemError("a record is no object");
  Row(decoder_->BeginRow(), &text_, &kept_).Fill(record.dict());
  decoder_->EndRow();
  return Status::Ok();
}

Status RecordColumns::AppendRaw(std::string_view record) {
  if (decoder_->AppendPadded(record).ok()) return Status::Ok();
  // Half a surrogate pair in a key, and such: a value can have that.
  MR_ASSIGN_OR_RETURN(const PyValue value, ParsePyJson(record));
  return Append(value);
}

int64_t RecordColumns::rows() const { return decoder_->rows(); }
int64_t RecordColumns::bytes() const { return decoder_->bytes(); }
int64_t RecordColumns::undeclared_values() const { return decoder_->undeclared_values(); }
Result<ChangeBatch> RecordColumns::Finish() { return decoder_->Finish(); }

}  // namespace millrace
