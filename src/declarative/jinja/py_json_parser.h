#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "declarative/jinja/py_json.h"
#include "formats/json_scanner.h"

namespace millrace {

/// Keys of the objects of one text, each made once: records of a page share theirs. One thread.
class PyJsonKeys {
 public:
  static constexpr uint32_t kNotKept = UINT32_MAX;

  /// For a text of that size.
  explicit PyJsonKeys(size_t text_size);

  /// The key's place, to be asked for with At(); kNotKept for long ones and when there are too
  /// many.
  uint32_t Find(std::string_view key);
  const PyValue& At(uint32_t slot) const { return slots_[slot].key; }
  /// Marks it as seen in an object; false when it was already.
  bool Mark(uint32_t slot, uint64_t object) {
    if (slots_[slot].object == object) return false;
    slots_[slot].object = object;
    return true;
  }

 private:
  static constexpr size_t kKeySizeMax = 64;

  struct Slot {
    uint64_t hash = 0;
    PyValue key;  // None: free
    uint64_t object = 0;
  };

  std::vector<Slot> slots_;  // a power of two, at most half of them in use
  size_t used_ = 0;
};

/// Builds the values of JSON texts. A text is UTF-8, and followed by JsonScanner::kPadding readable
/// bytes: the first a control character, or anything when the text is an object alone.
class PyJsonParser {
 public:
  PyJsonParser(std::string_view text, bool python)
      : text_(text), scanner_(text), python_(python), keys_(text.size()) {}

  Result<PyValue> Parse();
  /// The same of another text, whose keys are expected to be those of the ones before: the records
  /// of a page, one by one.
  Result<PyValue> ParseNext(std::string_view text);

 private:
  bool ReadValue(PyValue* value);
  bool ReadNumber(PyValue* value);
  bool ReadText(std::string_view raw, bool escaped, PyValue* value);
  bool ReadArray(PyValue* value);
  bool ReadObject(PyValue* value);
  /// NaN, Infinity or -Infinity, when that is what comes next.
  bool ReadWord(PyValue* value);
  /// Adds the key of a member. `likely` is the slot of the key that stood in this place of the last
  /// object at this level.
  bool AddKey(const JsonScanner::Text& key, uint32_t likely, PyValue* value);
  /// Of the object whose last members have their slots from `first_slot` on.
  bool HasRepeats(size_t first_slot);

  bool Enter();
  bool Fail(const char* what) {
    error_ = what;
    return false;
  }

  std::string_view text_;
  size_t base_ = 0;  // where the scanner's text begins
  JsonScanner scanner_;
  const bool python_;
  int depth_ = 0;
  const char* error_ = nullptr;

  PyJsonKeys keys_;
  std::vector<uint32_t> slots_;  // of the members of the objects that are open
  uint64_t objects_ = 0;         // closed so far
  /// By level: the slots of the last object there. Records of one kind have the same keys.
  std::vector<std::vector<uint32_t>> shapes_;
  std::string scratch_;
};

}  // namespace millrace
