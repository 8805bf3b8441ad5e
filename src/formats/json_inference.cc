#include "formats/json_inference.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include "connector/json_schema.h"
#include "connector/number_type.h"
#include "formats/json_scanner.h"
#include "formats/number_text.h"

namespace millrace {
namespace {

using JsonKind = JsonScanner::Kind;

enum KindBit : uint16_t {
  kBool = 1,
  kInt = 2,
  kNumber = 4,
  kString = 8,
  kArray = 16,
  kObject = 32,
};

constexpr uint16_t kScalars = kBool | kInt | kNumber | kString;

/// The type of scalars of these kinds.
std::shared_ptr<arrow::DataType> ScalarType(uint16_t kinds) {
  switch (kinds) {
    case kBool:
      return arrow::boolean();
    case kInt:
      return arrow::int64();
    case kNumber:
    case kNumber | kInt:
      return number();
    default:
      return arrow::utf8();
  }
}

std::shared_ptr<arrow::DataType> TypeOf(uint16_t kinds, uint16_t items) {
  if ((kinds & ~kScalars) == 0) return ScalarType(kinds);
  // Items of several kinds have no type of their own: as one text they would lose theirs.
  const bool alike =
      items == kBool || items == kString || (items != 0 && (items & ~(kInt | kNumber)) == 0);
  if (kinds == kArray && alike) return arrow::list(ScalarType(items));
  return json_text();
}

/// Reads one value that is neither array nor object; null is no kind (0).
bool ScalarKind(JsonScanner& scanner, JsonKind kind, uint16_t* found) {
  switch (kind) {
    case JsonKind::kNull:
      *found = 0;
      return scanner.ReadLiteral();
    case JsonKind::kTrue:
    case JsonKind::kFalse:
      *found = kBool;
      return scanner.ReadLiteral();
    case JsonKind::kInteger:
    case JsonKind::kNumber: {
      std::string_view digits;
      bool integer = false;
      if (!scanner.ReadNumber(&digits, &integer)) return false;
      const bool fits = integer && (digits.size() < 19 || ParseInt64(digits).has_value());
      *found = fits ? kInt : kNumber;
      return true;
    }
    case JsonKind::kString: {
      JsonScanner::Text text;
      *found = kString;
      return scanner.ReadString(&text);
    }
    default:
      return false;
  }
}

bool IsScalar(JsonKind kind) { return kind < JsonKind::kArray; }

}  // namespace

size_t JsonInference::Find(std::string_view name) {
  const auto known = index_.find(name);
  if (known != index_.end()) return known->second;
  keys_.emplace_back().name = name;
  index_.emplace(name, keys_.size() - 1);
  return keys_.size() - 1;
}

bool JsonInference::Add(std::string_view text) {
  JsonScanner scanner(text);
  const auto fail = [&](const char* what) {
    error_ = fmt::format("{} (byte {} of the value)", what, scanner.offset() + 1);
    return false;
  };
  const JsonKind top = scanner.Peek();
  if (top == JsonKind::kInvalid) return fail(scanner.error());
  if (top != JsonKind::kObject) return fail("a JSON object is expected");
  const char* what = nullptr;
  if (!AddMembers(scanner, &what)) return fail(what != nullptr ? what : scanner.error());
  if (!scanner.AtEnd()) return fail("something follows the object");
  ++rows_;
  return true;
}

bool JsonInference::AddMembers(JsonScanner& scanner, const char** what) {
  scanner.Enter();
  // Objects of a file repeat their keys in the same order: the one after the last is tried first.
  size_t next = 0;
  for (;;) {
    JsonScanner::Text name;
    bool done = false;
    if (!scanner.NextMember(&name, &done)) return false;
    if (done) return true;
    std::string_view key = name.raw;
    if (name.escaped) {
      if (!Unescape(name.raw, &scratch_)) {
        *what = "a key holds half a surrogate pair";
        return false;
      }
      key = scratch_;
    }
    const size_t at = next < keys_.size() && keys_[next].name == key ? next : Find(key);
    next = at + 1;
    const JsonKind kind = scanner.Peek();
    uint16_t found = 0;
    if (IsScalar(kind)) {
      if (!ScalarKind(scanner, kind, &found)) return false;
    } else if (kind == JsonKind::kArray) {
      found = kArray;
      if (!AddItems(scanner, keys_[at], what)) return false;
    } else if (kind == JsonKind::kObject) {
      found = kObject;
      if (!AddNested(scanner, keys_[at], what)) return false;
    } else {
      return false;
    }
    keys_[at].kinds = static_cast<uint16_t>(keys_[at].kinds | found);
  }
}

bool JsonInference::AddItems(JsonScanner& scanner, Key& key, const char** what) {
  scanner.Enter();
  for (;;) {
    bool done = false;
    if (!scanner.NextElement(&done)) return false;
    if (done) return true;
    const JsonKind kind = scanner.Peek();
    uint16_t found = 0;
    std::string_view whole;
    if (IsScalar(kind)) {
      if (!ScalarKind(scanner, kind, &found)) return false;
    } else if (kind == JsonKind::kObject) {
      found = kObject;
      if (!AddNested(scanner, key, what)) return false;
    } else {
      found = kArray;
      if (!scanner.SkipValue(&whole)) return false;
    }
    key.items = static_cast<uint16_t>(key.items | found);
  }
}

bool JsonInference::AddNested(JsonScanner& scanner, Key& key, const char** what) {
  std::string_view whole;
  // Beside other kinds of values the insides of the objects say nothing.
  const bool alone = ((key.kinds | key.items) & ~(kObject | kArray)) == 0;
  const bool full = key.nested != nullptr && key.nested->keys_.size() > kNestedKeysMax;
  if (depth_ >= kNestedDepthMax || !alone || full) return scanner.SkipValue(&whole);
  if (key.nested == nullptr) {
    key.nested = std::make_unique<JsonInference>();
    key.nested->depth_ = depth_ + 1;
  }
  ++key.nested->rows_;
  return key.nested->AddMembers(scanner, what);
}

void JsonInference::Merge(const JsonInference& later) {
  for (const Key& key : later.keys_) {
    Key& mine = keys_[Find(key.name)];
    mine.kinds = static_cast<uint16_t>(mine.kinds | key.kinds);
    mine.items = static_cast<uint16_t>(mine.items | key.items);
    if (key.nested == nullptr) continue;
    if (mine.nested == nullptr) {
      mine.nested = std::make_unique<JsonInference>();
      mine.nested->depth_ = depth_ + 1;
    }
    mine.nested->Merge(*key.nested);
  }
  rows_ += later.rows_;
}

std::shared_ptr<arrow::DataType> JsonInference::DeclaredType(const Key& key) {
  const bool objects = key.kinds == kObject;
  const bool arrays = key.kinds == kArray && key.items == kObject;
  const bool known = key.nested != nullptr && !key.nested->keys_.empty() &&
                     key.nested->keys_.size() <= kNestedKeysMax;
  if (!known || (!objects && !arrays)) return TypeOf(key.kinds, key.items);
  arrow::FieldVector fields;
  for (const Key& inner : key.nested->keys_) {
    fields.push_back(arrow::field(inner.name, DeclaredType(inner)));
  }
  const auto type = arrow::struct_(std::move(fields));
  return objects ? type : arrow::list(type);
}

SchemaPtr JsonInference::Schema() const {
  arrow::FieldVector fields;
  for (const Key& key : keys_) {
    const auto type = TypeOf(key.kinds, key.items);
    const auto declared = DeclaredType(key);
    auto field = arrow::field(key.name, type);
    fields.push_back(declared->Equals(*type) ? field : DeclareSchema(field, *declared));
  }
  return arrow::schema(std::move(fields));
}

}  // namespace millrace
