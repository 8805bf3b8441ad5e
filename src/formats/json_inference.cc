#include "formats/json_inference.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include "connector/number_type.h"
#include "formats/json_scanner.h"
#include "formats/number_text.h"

namespace millrace {
namespace {

using Kind = JsonScanner::Kind;

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
bool ScalarKind(JsonScanner& scanner, Kind kind, uint16_t* found) {
  switch (kind) {
    case Kind::kNull:
      *found = 0;
      return scanner.ReadLiteral();
    case Kind::kTrue:
    case Kind::kFalse:
      *found = kBool;
      return scanner.ReadLiteral();
    case Kind::kInteger:
    case Kind::kNumber: {
      std::string_view digits;
      bool integer = false;
      if (!scanner.ReadNumber(&digits, &integer)) return false;
      const bool fits = integer && (digits.size() < 19 || ParseInt64(digits).has_value());
      *found = fits ? kInt : kNumber;
      return true;
    }
    case Kind::kString: {
      JsonScanner::Text text;
      *found = kString;
      return scanner.ReadString(&text);
    }
    default:
      return false;
  }
}

bool IsScalar(Kind kind) { return kind < Kind::kArray; }

bool ItemKinds(JsonScanner& scanner, uint16_t* items) {
  scanner.Enter();
  for (;;) {
    bool done = false;
    if (!scanner.NextElement(&done)) return false;
    if (done) return true;
    const Kind kind = scanner.Peek();
    uint16_t found = kObject;  // nested: whatever it is
    std::string_view whole;
    if (IsScalar(kind) ? !ScalarKind(scanner, kind, &found) : !scanner.SkipValue(&whole)) {
      return false;
    }
    *items = static_cast<uint16_t>(*items | found);
  }
}

}  // namespace

size_t JsonInference::Find(std::string_view name) {
  const auto known = index_.find(name);
  if (known != index_.end()) return known->second;
  keys_.push_back({std::string(name)});
  index_.emplace(name, keys_.size() - 1);
  return keys_.size() - 1;
}

bool JsonInference::Add(std::string_view text) {
  JsonScanner scanner(text);
  const auto fail = [&](const char* what) {
    error_ = fmt::format("{} (byte {} of the value)", what, scanner.offset() + 1);
    return false;
  };
  const Kind top = scanner.Peek();
  if (top == Kind::kInvalid) return fail(scanner.error());
  if (top != Kind::kObject) return fail("a JSON object is expected");
  scanner.Enter();
  // Objects of a file repeat their keys in the same order: the one after the last is tried first.
  size_t next = 0;
  for (;;) {
    JsonScanner::Text name;
    bool done = false;
    if (!scanner.NextMember(&name, &done)) return fail(scanner.error());
    if (done) break;
    std::string_view key = name.raw;
    if (name.escaped) {
      if (!Unescape(name.raw, &scratch_)) return fail("a key holds half a surrogate pair");
      key = scratch_;
    }
    const size_t at = next < keys_.size() && keys_[next].name == key ? next : Find(key);
    next = at + 1;
    const Kind kind = scanner.Peek();
    uint16_t found = 0;
    bool ok = false;
    if (IsScalar(kind)) {
      ok = ScalarKind(scanner, kind, &found);
    } else if (kind == Kind::kArray) {
      found = kArray;
      ok = ItemKinds(scanner, &keys_[at].items);
    } else if (kind == Kind::kObject) {
      found = kObject;
      std::string_view whole;
      ok = scanner.SkipValue(&whole);
    }
    if (!ok) return fail(scanner.error());
    keys_[at].kinds = static_cast<uint16_t>(keys_[at].kinds | found);
  }
  if (!scanner.AtEnd()) return fail("something follows the object");
  ++rows_;
  return true;
}

void JsonInference::Merge(const JsonInference& later) {
  for (const Key& key : later.keys_) {
    Key& mine = keys_[Find(key.name)];
    mine.kinds = static_cast<uint16_t>(mine.kinds | key.kinds);
    mine.items = static_cast<uint16_t>(mine.items | key.items);
  }
  rows_ += later.rows_;
}

SchemaPtr JsonInference::Schema() const {
  arrow::FieldVector fields;
  for (const Key& key : keys_)
    fields.push_back(arrow::field(key.name, TypeOf(key.kinds, key.items)));
  return arrow::schema(std::move(fields));
}

}  // namespace millrace
