#include "formats/value_sample.h"

#include <arrow/array.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>

#include <string_view>
#include <vector>

namespace millrace {
namespace {

constexpr int64_t kValuesMax = 16384;

/// Counts distinct hashes; open addressing in a table of fixed size, at most half full.
class DistinctHashes {
 public:
  DistinctHashes() : slots_(2 * kValuesMax, 0) {}

  /// True when `hash` is new.
  bool Add(uint64_t hash) {
    if (hash == 0) hash = 1;  // 0 marks a free slot
    for (size_t slot = hash & (slots_.size() - 1);; slot = (slot + 1) & (slots_.size() - 1)) {
      if (slots_[slot] == hash) return false;
      if (slots_[slot] != 0) continue;
      slots_[slot] = hash;
      return true;
    }
  }

 private:
  std::vector<uint64_t> slots_;
};

/// The bytes of value i; for texts and binaries without what surrounds them.
class ValueBytes {
 public:
  explicit ValueBytes(const arrow::Array& array) : array_(array), id_(array.type_id()) {
    if (arrow::is_fixed_width(id_) && id_ != arrow::Type::BOOL) {
      width_ = static_cast<const arrow::FixedWidthType&>(*array.type()).bit_width() / 8;
      values_ = reinterpret_cast<const char*>(array.data()->buffers[1]->data()) +
                array.data()->offset * width_;
    }
  }

  static bool Supports(arrow::Type::type id) {
    return (arrow::is_fixed_width(id) && id != arrow::Type::BOOL && id != arrow::Type::DICTIONARY &&
            id != arrow::Type::FIXED_SIZE_LIST) ||
           arrow::is_base_binary_like(id);
  }

  std::string_view At(int64_t i) const {
    if (width_ > 0) return {values_ + i * width_, static_cast<size_t>(width_)};
    if (arrow::is_large_binary_like(id_)) {
      return static_cast<const arrow::LargeBinaryArray&>(array_).GetView(i);
    }
    return static_cast<const arrow::BinaryArray&>(array_).GetView(i);
  }

 private:
  const arrow::Array& array_;
  arrow::Type::type id_;
  int64_t width_ = 0;
  const char* values_ = nullptr;
};

}  // namespace

ValueSample SampleValues(const arrow::ArrayVector& chunks) {
  ValueSample sample;
  int64_t rows = 0;
  for (const auto& chunk : chunks) rows += chunk->length();
  if (rows == 0 || !ValueBytes::Supports(chunks[0]->type_id())) return sample;
  const int64_t step = (rows + kValuesMax - 1) / kValuesMax;
  DistinctHashes seen;
  for (const auto& chunk : chunks) {
    if (chunk->length() == 0) continue;
    const ValueBytes bytes(*chunk);
    for (int64_t i = 0; i < chunk->length() && sample.values < kValuesMax; i += step) {
      if (chunk->IsNull(i)) continue;
      const std::string_view value = bytes.At(i);
      ++sample.values;
      if (seen.Add(std::hash<std::string_view>{}(value))) ++sample.distinct;
    }
  }
  return sample;
}

}  // namespace millrace
