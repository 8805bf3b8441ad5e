#include "declarative/jinja/py_json_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <unordered_map>

#include "base/hash.h"
#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_text.h"
#include "formats/number_text.h"
#include "formats/utf8_text.h"

namespace millrace {
namespace {

/// So many keys of an object are expected again.
constexpr size_t kShapeMax = 256;

/// What Python's int() refuses.
constexpr size_t kIntDigitsMax = 4300;

/// Infinite when it's beyond a double, 0 when it's too small for one.
double ToDouble(std::string_view digits) {
  double value = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (parsed.ec == std::errc()) return value;
  return std::strtod(std::string(digits).c_str(), nullptr);
}

/// Whether an integer beyond int64 is one of uint64.
bool FitsUnsigned(std::string_view digits) {
  uint64_t value = 0;
  return std::from_chars(digits.data(), digits.data() + digits.size(), value).ec == std::errc();
}

uint32_t HexQuad(std::string_view digits) {
  uint32_t value = 0;
  std::from_chars(digits.data(), digits.data() + 4, value, 16);
  return value;
}

/// Unescape, but surrogates that stand alone stay what they are.
void UnescapeWithSurrogates(std::string_view raw, std::string* out) {
  out->clear();
  for (size_t at = 0; at < raw.size();) {
    if (raw[at] != '\\') {
      const size_t next = std::min(raw.find('\\', at), raw.size());
      out->append(raw, at, next - at);
      at = next;
      continue;
    }
    if (raw[at + 1] != 'u') {
      std::string character;
      Unescape(raw.substr(at, 2), &character);
      *out += character;
      at += 2;
      continue;
    }
    uint32_t code = HexQuad(raw.substr(at + 2));
    at += 6;
    if (code >= 0xD800 && code < 0xDC00 && raw.substr(at, 2) == "\\u") {
      const uint32_t low = HexQuad(raw.substr(at + 2));
      if (low >= 0xDC00 && low < 0xE000) {
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        at += 6;
      }
    }
    AppendCodePoint(code, out);
  }
}

/// Keeps of repeated keys the first place and the last value.
PyDict WithoutRepeats(const PyDict& members) {
  PyDict kept;
  std::unordered_map<std::string_view, PyValue*> places;
  places.reserve(members.size());
  kept.Reserve(members.size());  // no value moves
  for (const auto& [key, value] : members) {
    const auto [place, first] = places.try_emplace(key.str(), nullptr);
    if (first) {
      kept.Append(key, value);
      place->second = &(kept.end() - 1)->second;
    } else {
      *place->second = value;
    }
  }
  return kept;
}

Result<PyValue> ParsePadded(std::string_view text, PyJsonDialect dialect) {
  if (FirstInvalidUtf8(text.data(), static_cast<int64_t>(text.size())) !=
      static_cast<int64_t>(text.size())) {
    return PyError("UnicodeDecodeError", "the text is not UTF-8");
  }
  if (dialect != PyJsonDialect::kPython) {
    Result<PyValue> value = PyJsonParser(text, /*python=*/false).Parse();
    if (value.ok() || dialect == PyJsonDialect::kOrjson) return value;
  }
  return PyJsonParser(text, /*python=*/true).Parse();
}

}  // namespace

PyJsonKeys::PyJsonKeys(size_t text_size)
    : slots_(std::bit_ceil(std::clamp(text_size / 32, size_t{64}, size_t{8192}))) {}

uint32_t PyJsonKeys::Find(std::string_view key) {
  if (key.size() > kKeySizeMax) return kNotKept;
  const uint64_t hash = HashBytes(key);
  const size_t mask = slots_.size() - 1;
  size_t at = hash & mask;
  for (; !slots_[at].key.is_none(); at = (at + 1) & mask) {
    if (slots_[at].hash == hash && slots_[at].key.str() == key) return static_cast<uint32_t>(at);
  }
  if (2 * used_ == slots_.size()) return kNotKept;
  ++used_;
  slots_[at].hash = hash;
  slots_[at].key = PyValue(key);
  return static_cast<uint32_t>(at);
}

Result<PyValue> PyJsonParser::Parse() {
  PyValue value;
  if (ReadValue(&value)) {
    if (scanner_.AtEnd()) return value;
    error_ = "the text goes on behind its value";
  }
  const char* const what = error_ != nullptr ? error_ : scanner_.error();
  return PyError("JSONDecodeError",
                 fmt::format("{} (byte {})", what, base_ + static_cast<size_t>(scanner_.offset())));
}

Result<PyValue> PyJsonParser::ParseNext(std::string_view text) {
  text_ = text;
  base_ = 0;
  scanner_ = JsonScanner(text);
  depth_ = 0;
  error_ = nullptr;
  slots_.clear();
  return Parse();
}

bool PyJsonParser::ReadValue(PyValue* value) {
  switch (scanner_.Peek()) {
    case JsonScanner::Kind::kNull:
      *value = PyValue();
      return scanner_.ReadLiteral();
    case JsonScanner::Kind::kTrue:
      *value = PyValue(true);
      return scanner_.ReadLiteral();
    case JsonScanner::Kind::kFalse:
      *value = PyValue(false);
      return scanner_.ReadLiteral();
    case JsonScanner::Kind::kInteger:
    case JsonScanner::Kind::kNumber:
      return ReadNumber(value);
    case JsonScanner::Kind::kString: {
      JsonScanner::Text text;
      return scanner_.ReadString(&text) && ReadText(text.raw, text.escaped, value);
    }
    case JsonScanner::Kind::kArray:
      return ReadArray(value);
    case JsonScanner::Kind::kObject:
      return ReadObject(value);
    case JsonScanner::Kind::kInvalid:
      break;
  }
  return ReadWord(value);
}

bool PyJsonParser::ReadWord(PyValue* value) {
  if (!python_) return false;
  static constexpr double kInfinity = std::numeric_limits<double>::infinity();
  static constexpr std::pair<std::string_view, double> kWords[] = {
      {"NaN", std::numeric_limits<double>::quiet_NaN()},
      {"Infinity", kInfinity},
      {"-Infinity", -kInfinity}};
  const size_t at = base_ + static_cast<size_t>(scanner_.offset());
  for (const auto& [word, number] : kWords) {
    if (text_.substr(at, word.size()) != word) continue;
    *value = PyValue(number);
    base_ = at + word.size();
    scanner_ = JsonScanner(text_.substr(base_));
    return true;
  }
  return false;
}

bool PyJsonParser::ReadNumber(PyValue* value) {
  if (python_ && ReadWord(value)) return true;
  std::string_view digits;
  bool integer = false;
  if (!scanner_.ReadNumber(&digits, &integer)) return false;
  if (integer) {
    if (const std::optional<int64_t> small = ParseInt64(digits)) {
      *value = PyValue(*small);
      return true;
    }
    if (python_ || FitsUnsigned(digits)) {
      if (digits.size() > kIntDigitsMax + (digits[0] == '-')) {
        return Fail("an integer has more than 4,300 digits");
      }
      *value = PyIntFromText(digits);
      return true;
    }
  }
  const double number = ToDouble(digits);
  if (!python_ && std::isinf(number)) return Fail("a number is too large");
  *value = PyValue(number);
  return true;
}

bool PyJsonParser::ReadText(std::string_view raw, bool escaped, PyValue* value) {
  if (!escaped) {
    *value = PyValue(raw);
    return true;
  }
  if (!Unescape(raw, &scratch_)) {
    if (!python_) return Fail("a surrogate stands alone");
    UnescapeWithSurrogates(raw, &scratch_);
  }
  *value = PyValue(scratch_);
  return true;
}

bool PyJsonParser::Enter() {
  if (++depth_ > (python_ ? kPythonJsonDepthMax : kOrjsonDepthMax)) {
    return Fail("values are nested too deeply");
  }
  scanner_.Enter();
  return true;
}

bool PyJsonParser::ReadArray(PyValue* value) {
  if (!Enter()) return false;
  PyList items;
  for (;;) {
    bool done = false;
    if (!scanner_.NextElement(&done)) return false;
    if (done) break;
    if (!ReadValue(&items.emplace_back())) return false;
  }
  --depth_;
  *value = PyValue::List(std::move(items));
  return true;
}

bool PyJsonParser::AddKey(const JsonScanner::Text& key, uint32_t likely, PyValue* value) {
  if (likely != PyJsonKeys::kNotKept && keys_.At(likely).str() == key.raw && !key.escaped) {
    slots_.push_back(likely);
    *value = keys_.At(likely);
    return true;
  }
  if (key.escaped) {
    slots_.push_back(PyJsonKeys::kNotKept);
    return ReadText(key.raw, true, value);
  }
  const uint32_t slot = keys_.Find(key.raw);
  slots_.push_back(slot);
  *value = slot == PyJsonKeys::kNotKept ? PyValue(key.raw) : keys_.At(slot);
  return true;
}

bool PyJsonParser::HasRepeats(size_t first_slot) {
  ++objects_;
  bool maybe = false;
  for (size_t at = first_slot; at < slots_.size(); ++at) {
    maybe = maybe || slots_[at] == PyJsonKeys::kNotKept || !keys_.Mark(slots_[at], objects_);
  }
  return maybe;
}

bool PyJsonParser::ReadObject(PyValue* value) {
  if (!Enter()) return false;
  const size_t first_slot = slots_.size();
  const auto level = static_cast<size_t>(depth_);
  if (shapes_.size() <= level) shapes_.resize(level + 1);
  PyDict members;
  members.Reserve(shapes_[level].size());
  for (;;) {
    JsonScanner::Text key;
    bool done = false;
    if (!scanner_.NextMember(&key, &done)) return false;
    if (done) break;
    members.Append(PyValue(), PyValue());
    // Nothing is added to `members` before its last entry is whole.
    PyDict::Entry& member = *(members.end() - 1);
    const size_t place = members.size() - 1;
    const uint32_t likely =
        place < shapes_[level].size() ? shapes_[level][place] : PyJsonKeys::kNotKept;
    if (!AddKey(key, likely, &member.first) || !ReadValue(&member.second)) return false;
  }
  --depth_;
  const size_t remembered = std::min(members.size(), kShapeMax);
  shapes_[level].assign(slots_.begin() + static_cast<ptrdiff_t>(first_slot),
                        slots_.begin() + static_cast<ptrdiff_t>(first_slot + remembered));
  if (HasRepeats(first_slot) && members.size() > 1) members = WithoutRepeats(members);
  slots_.resize(first_slot);
  *value = PyValue(std::move(members));
  return true;
}

Result<PyValue> ParsePyJson(std::string_view text, PyJsonDialect dialect) {
  std::string padded;
  padded.reserve(text.size() + JsonScanner::kPadding);
  padded.append(text);
  return ParsePyJson(std::move(padded), dialect);
}

Result<PyValue> ParsePyJson(std::string&& text, PyJsonDialect dialect) {
  const size_t size = text.size();
  text.append(JsonScanner::kPadding, '\0');
  return ParsePadded(std::string_view(text).substr(0, size), dialect);
}

}  // namespace millrace
