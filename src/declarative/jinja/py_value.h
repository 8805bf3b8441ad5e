#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace {

class PyValue;
class PyDict;
using PyList = std::vector<PyValue>;

/// What is allocated once and shared by the values that refer to it. Subclasses are the kinds that
/// don't fit into a PyValue itself. Thread-safe counting; the content is its owners' business.
class PyObject {
 public:
  PyObject() = default;
  PyObject(const PyObject&) = delete;
  PyObject& operator=(const PyObject&) = delete;
  virtual ~PyObject() = default;

 private:
  friend class PyValue;
  mutable std::atomic<uint32_t> references_{1};
};

/// A value of the Python kinds that manifests, templates and API records are made of, with Python's
/// semantics: lists and dicts are shared references (copying one shares it), text, numbers and
/// tuples never change. 16 bytes. Reading one from several threads is safe while nobody changes it.
class PyValue {
 public:
  enum class Kind : uint8_t {
    kNone,
    kBool,
    kInt,  ///< fits 64 bits; anything larger is a kBigInt
    kFloat,
    kEllipsis,
    kUndefined,  ///< Jinja's: a name or member that isn't there
    // From here on: a shared PyObject.
    kBigInt,
    kStr,
    kBytes,
    kList,
    kTuple,
    kDict,
    kSet,
    kDateTime,
    kDate,
    kTimeDelta,
    kDuration,  ///< isodate's: years and months besides a timedelta
    kSlice,     ///< a stream slice: a dict with attributes (py_stream_slice.h)
    kObject,    ///< anything else: methods, macros, iterators, … (py_opaque.h)
  };

  PyValue() noexcept : kind_(Kind::kNone), int_(0) {}
  PyValue(bool value) noexcept : kind_(Kind::kBool), int_(value) {}       // NOLINT
  PyValue(int value) noexcept : kind_(Kind::kInt), int_(value) {}         // NOLINT
  PyValue(int64_t value) noexcept : kind_(Kind::kInt), int_(value) {}     // NOLINT
  PyValue(double value) noexcept : kind_(Kind::kFloat), float_(value) {}  // NOLINT
  PyValue(std::string text);                                              // NOLINT
  PyValue(std::string_view text) : PyValue(std::string(text)) {}          // NOLINT
  PyValue(const char* text) : PyValue(std::string(text)) {}               // NOLINT
  PyValue(PyDict dict);                                                   // NOLINT

  static PyValue Bytes(std::string bytes);
  static PyValue List(PyList items = {});
  static PyValue Tuple(PyList items);
  /// Items without repeats; the caller has seen to that.
  static PyValue Set(PyList items);
  static PyValue Ellipsis() { return PyValue(Kind::kEllipsis); }
  static PyValue Undefined() { return PyValue(Kind::kUndefined); }
  /// An Undefined whose use is a SecurityError: what the sandbox hides.
  static PyValue Hidden() {
    PyValue value(Kind::kUndefined);
    value.int_ = 1;
    return value;
  }
  /// Text that counts as escaped (what tojson and escape give): joined with `~` or `+`, it escapes
  /// the other.
  static PyValue Markup(std::string text);
  /// Of a kind whose class stands in a header of its own. Takes over `object`'s first reference.
  static PyValue Of(Kind kind, PyObject* object) {
    PyValue value(kind);
    value.object_ = object;
    return value;
  }

  PyValue(const PyValue& other) noexcept : kind_(other.kind_), int_(other.int_) { Retain(); }
  PyValue(PyValue&& other) noexcept : kind_(other.kind_), int_(other.int_) {
    other.kind_ = Kind::kNone;
  }
  PyValue& operator=(const PyValue& other) noexcept {
    PyValue copy(other);
    swap(copy);
    return *this;
  }
  PyValue& operator=(PyValue&& other) noexcept {
    PyValue taken(std::move(other));
    swap(taken);
    return *this;
  }
  ~PyValue() { Release(); }
  void swap(PyValue& other) noexcept {
    std::swap(kind_, other.kind_);
    std::swap(int_, other.int_);
  }

  Kind kind() const { return kind_; }
  bool is_none() const { return kind_ == Kind::kNone; }
  bool is_undefined() const { return kind_ == Kind::kUndefined; }
  bool is_hidden() const { return is_undefined() && int_ != 0; }
  bool is_markup() const;
  bool is_bool() const { return kind_ == Kind::kBool; }
  bool is_int() const { return kind_ == Kind::kInt; }  ///< not bool, not kBigInt
  bool is_float() const { return kind_ == Kind::kFloat; }
  bool is_str() const { return kind_ == Kind::kStr; }
  bool is_list() const { return kind_ == Kind::kList; }
  bool is_tuple() const { return kind_ == Kind::kTuple; }
  bool is_dict() const { return kind_ == Kind::kDict; }

  // Each requires the kind it is named after.
  bool as_bool() const { return int_ != 0; }
  int64_t as_int() const { return int_; }
  double as_float() const { return float_; }
  const std::string& str() const;  ///< kStr, kBytes
  const PyList& items() const;     ///< kList, kTuple, kSet
  /// kList. Changes what everybody sees who shares it; so does mutable_dict().
  PyList& mutable_items() const;
  const PyDict& dict() const;  ///< kDict
  PyDict& mutable_dict() const;
  const PyObject* object() const { return object_; }
  /// The same object, or the same immediate value.
  bool Is(const PyValue& other) const { return kind_ == other.kind_ && int_ == other.int_; }

  /// The member of a dict; null when this is no dict or has no such key.
  const PyValue* Find(std::string_view key) const;
  /// A copy that shares no list and no dict with this one.
  PyValue DeepCopy() const;

  /// Where a list or dict stood in the manifest, from 1; 0: it comes from elsewhere.
  int line() const;
  void set_line(int line) const;

 private:
  explicit PyValue(Kind kind) noexcept : kind_(kind), int_(0) {}
  void Retain() const noexcept {
    if (kind_ >= Kind::kBigInt) object_->references_.fetch_add(1, std::memory_order_relaxed);
  }
  void Release() noexcept {
    if (kind_ >= Kind::kBigInt &&
        object_->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      Destroy(object_);
    }
  }
  /// Deletes what nobody refers to any more; however deep it is nested, the stack stays flat.
  static void Destroy(PyObject* object) noexcept;

  Kind kind_;
  union {
    int64_t int_;
    double float_;
    PyObject* object_;
  };
};

/// A dict in the order of insertion, searched from the front.
class PyDict {
 public:
  using Entry = std::pair<PyValue, PyValue>;

  PyDict() = default;
  PyDict(std::initializer_list<Entry> entries) : entries_(entries) {}

  /// Null when there is none. A key is found as Python finds it: 1, 1.0 and True are one key.
  const PyValue* Find(std::string_view key) const;
  const PyValue* Find(const PyValue& key) const;
  PyValue* Find(std::string_view key) {
    return const_cast<PyValue*>(std::as_const(*this).Find(key));
  }
  bool Contains(std::string_view key) const { return Find(key) != nullptr; }
  /// Adds it at the end, or replaces the value where the key stands.
  void Set(std::string_view key, PyValue value);
  void Set(const char* key, PyValue value) { Set(std::string_view(key), std::move(value)); }
  void Set(const std::string& key, PyValue value) { Set(std::string_view(key), std::move(value)); }
  void Set(PyValue key, PyValue value);
  /// Requires that no such key is there (parsers that know): no search.
  void Append(PyValue key, PyValue value) {
    entries_.emplace_back(std::move(key), std::move(value));
  }
  bool Erase(std::string_view key);
  bool Erase(const PyValue& key);
  void Clear() { entries_.clear(); }
  void Reserve(size_t entries) { entries_.reserve(entries); }

  size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  std::vector<Entry>::const_iterator begin() const { return entries_.begin(); }
  std::vector<Entry>::const_iterator end() const { return entries_.end(); }
  std::vector<Entry>::iterator begin() { return entries_.begin(); }
  std::vector<Entry>::iterator end() { return entries_.end(); }

 private:
  std::vector<Entry> entries_;
};

}  // namespace millrace
