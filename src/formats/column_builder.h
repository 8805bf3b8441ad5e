#pragma once

#include <arrow/buffer.h>
#include <arrow/type_fwd.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace millrace {

/// Bytes that grow at the end and become an Arrow buffer without a copy. Running out of memory
/// aborts, as operator new does.
class ColumnBytes {
 public:
  /// Makes room for `bytes` more; the pointer to write them to. Count them in with Advance().
  uint8_t* Room(int64_t bytes) {
    if (size_ + bytes > capacity_) Grow(bytes);
    return data_ + size_;
  }
  void Advance(int64_t bytes) { size_ += bytes; }
  void Truncate(int64_t size) { size_ = size; }
  int64_t size() const { return size_; }
  uint8_t* data() { return data_; }
  /// The bytes as a buffer; the next use starts anew, with as much room as was needed this time.
  std::shared_ptr<arrow::Buffer> Take();

 private:
  void Grow(int64_t bytes);

  std::unique_ptr<arrow::ResizableBuffer> buffer_;
  uint8_t* data_ = nullptr;
  int64_t size_ = 0;
  int64_t capacity_ = 0;
  int64_t first_capacity_ = 0;
};

/// memcpy for what is mostly short: without a call up to 16 bytes.
inline void CopyShort(char* to, const char* from, size_t size) {
  if (size > 16) {
    std::memcpy(to, from, size);
  } else if (size >= 8) {
    std::memcpy(to, from, 8);
    std::memcpy(to + size - 8, from + size - 8, 8);
  } else if (size >= 4) {
    std::memcpy(to, from, 4);
    std::memcpy(to + size - 4, from + size - 4, 4);
  } else if (size > 0) {
    to[0] = from[0];
    to[size / 2] = from[size / 2];
    to[size - 1] = from[size - 1];
  }
}

/// Whether two texts that are mostly short are the same: without a call up to 16 bytes.
inline bool SameShort(std::string_view a, std::string_view b) {
  const size_t size = a.size();
  if (size != b.size()) return false;
  if (size > 16 || size == 0) return size == 0 || std::memcmp(a.data(), b.data(), size) == 0;
  const auto differ = [&]<typename Word>(Word, size_t at) {
    Word left, right;
    std::memcpy(&left, a.data() + at, sizeof(Word));
    std::memcpy(&right, b.data() + at, sizeof(Word));
    return left != right;
  };
  if (size >= 8) return !differ(uint64_t{}, 0) && !differ(uint64_t{}, size - 8);
  if (size >= 4) return !differ(uint32_t{}, 0) && !differ(uint32_t{}, size - 4);
  return a[0] == b[0] && a[size / 2] == b[size / 2] && a[size - 1] == b[size - 1];
}

/// Collects one column's values in arrival order and makes an Arrow array of them. Cheaper than
/// Arrow's own builders for a decoder's inner loop: appends are inline, nulls come in runs, and
/// the last value can be taken back. One thread.
///
/// Holds bool, int64, float64, date32, timestamp[us], time64[us], utf8, binary, number(),
/// json_text(), lists and structs of these. Which Append to call follows from the type; storage()
/// tells.
class ColumnBuilder {
 public:
  enum class Storage : uint8_t { kBool, kInt32, kInt64, kDouble, kText, kList, kStruct };

  /// A system error when the type is none of the above.
  static Result<std::unique_ptr<ColumnBuilder>> Make(std::shared_ptr<arrow::DataType> type);
  ~ColumnBuilder();

  const std::shared_ptr<arrow::DataType>& type() const { return type_; }
  Storage storage() const { return storage_; }
  int64_t length() const { return length_; }
  int64_t bytes() const;

  void AppendNulls(int64_t count);
  void AppendNull() { AppendNulls(1); }

  void AppendBool(bool value) {
    *values_.Room(1) = value ? 1 : 0;
    values_.Advance(1);
    Valid();
  }
  void AppendInt32(int32_t value) { AppendFixed(value); }
  void AppendInt64(int64_t value) { AppendFixed(value); }
  void AppendDouble(double value) { AppendFixed(value); }
  void AppendText(std::string_view value) {
    CopyShort(TextRoom(static_cast<int64_t>(value.size())), value.data(), value.size());
    CommitText(static_cast<int64_t>(value.size()));
  }
  /// Room for a value of up to `size` bytes; CommitText() says how many there are.
  char* TextRoom(int64_t size) { return reinterpret_cast<char*>(values_.Room(size)); }
  void CommitText(int64_t size) {
    values_.Advance(size);
    PushOffset(values_.size());
    Valid();
  }
  /// Ends a list value: everything appended to items() since the one before.
  void CommitList();
  ColumnBuilder& items() { return *children_[0]; }
  /// Ends a struct value; fields that were given none are null.
  void CommitStruct();
  ColumnBuilder& field(size_t at) { return *children_[at]; }
  size_t field_count() const { return children_.size(); }

  /// Takes back the last value.
  void RemoveLast();

  /// The values as an array; the builder is empty afterwards.
  Result<std::shared_ptr<arrow::Array>> Finish();

 private:
  explicit ColumnBuilder(std::shared_ptr<arrow::DataType> type, Storage storage);

  template <typename T>
  void AppendFixed(T value) {
    std::memcpy(values_.Room(sizeof(T)), &value, sizeof(T));
    values_.Advance(sizeof(T));
    Valid();
  }
  void PushOffset(int64_t offset) {
    const int32_t end = static_cast<int32_t>(offset);
    std::memcpy(offsets_.Room(sizeof(end)), &end, sizeof(end));
    offsets_.Advance(sizeof(end));
  }
  void Valid() {
    if (null_count_ != 0) {
      *validity_.Room(1) = 1;
      validity_.Advance(1);
    }
    ++length_;
  }
  int64_t width() const;
  bool has_offsets() const { return storage_ == Storage::kText || storage_ == Storage::kList; }
  std::shared_ptr<arrow::Buffer> PackBits(ColumnBytes& bytes);

  const std::shared_ptr<arrow::DataType> type_;
  const Storage storage_;
  int64_t length_ = 0;
  int64_t null_count_ = 0;
  ColumnBytes values_;    // booleans: a byte each, packed at the end
  ColumnBytes offsets_;   // of texts and lists: the end of each value
  ColumnBytes validity_;  // a byte per value; empty while no value is null
  std::vector<std::unique_ptr<ColumnBuilder>> children_;  // a list's items, a struct's fields
};

}  // namespace millrace
