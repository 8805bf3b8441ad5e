#include "formats/text_dictionary.h"

#include <arrow/array.h>
#include <arrow/array/builder_binary.h>
#include <arrow/buffer_builder.h>
#include <arrow/type.h>

#include <cstring>
#include <string_view>
#include <vector>

#include "connector/arrow_status.h"
#include "connector/block_pool.h"

namespace millrace {
namespace {

constexpr int32_t kTextsMax = 4096;
constexpr const char* kMakingDictionary = "making a dictionary";

/// What tells texts apart at a glance: all of a text of up to 16 bytes, the ends of a longer one.
struct TextKey {
  explicit TextKey(std::string_view text) : size(text.size()) {
    const char* data = text.data();
    if (size >= 8) {
      head = Load<uint64_t>(data);
      tail = Load<uint64_t>(data + size - 8);
    } else if (size >= 4) {
      head = Load<uint32_t>(data);
      tail = Load<uint32_t>(data + size - 4);
    } else if (size > 0) {
      head = static_cast<uint8_t>(data[0]);
      tail = Load<uint8_t>(data + size / 2) | uint64_t{Load<uint8_t>(data + size - 1)} << 8;
    }
  }
  bool operator==(const TextKey&) const = default;

  uint64_t Hash() const {
    uint64_t hash = (head ^ size) * 0x9E3779B97F4A7C15U;
    hash = (hash ^ (hash >> 32) ^ tail) * 0xD6E8FEB86659FD93U;
    return hash ^ (hash >> 32);
  }

  size_t size = 0;
  uint64_t head = 0;
  uint64_t tail = 0;

 private:
  template <typename Word>
  static Word Load(const char* data) {
    Word word;
    std::memcpy(&word, data, sizeof word);
    return word;
  }
};

/// Distinct texts by number, in order of appearance; open addressing, at most half full. Keeps
/// views: the texts outlive it.
class TextNumbering {
 public:
  TextNumbering() : slots_(2 * kTextsMax) {}

  /// The text's number; -1 when there are too many.
  int32_t NumberOf(std::string_view text) {
    constexpr size_t kWholeInKey = 16;
    const TextKey key(text);
    for (size_t at = key.Hash() & (slots_.size() - 1);; at = (at + 1) & (slots_.size() - 1)) {
      Slot& slot = slots_[at];
      if (slot.number < 0) {
        if (texts_.size() == kTextsMax) return -1;
        slot = {key, static_cast<int32_t>(texts_.size())};
        texts_.push_back(text);
        return slot.number;
      }
      if (slot.key == key &&
          (text.size() <= kWholeInKey || texts_[static_cast<size_t>(slot.number)] == text)) {
        return slot.number;
      }
    }
  }

  const std::vector<std::string_view>& texts() const { return texts_; }

 private:
  struct Slot {
    TextKey key{std::string_view()};
    int32_t number = -1;  // -1: free
  };

  std::vector<Slot> slots_;
  std::vector<std::string_view> texts_;
};

arrow::Result<std::shared_ptr<arrow::Array>> Encode(const arrow::ArrayVector& chunks) {
  int64_t rows = 0;
  int64_t nulls = 0;
  for (const auto& chunk : chunks) {
    rows += chunk->length();
    nulls += chunk->null_count();
  }
  TextNumbering numbering;
  arrow::TypedBufferBuilder<int32_t> indices(BlockPool());
  arrow::TypedBufferBuilder<bool> valid;
  ARROW_RETURN_NOT_OK(indices.Reserve(rows));
  if (nulls > 0) ARROW_RETURN_NOT_OK(valid.Reserve(rows));
  for (const auto& chunk : chunks) {
    const auto& texts = static_cast<const arrow::BinaryArray&>(*chunk);
    const bool has_nulls = texts.null_count() > 0;
    for (int64_t i = 0; i < texts.length(); ++i) {
      const bool null = has_nulls && texts.IsNull(i);
      if (nulls > 0) valid.UnsafeAppend(!null);
      const int32_t number = null ? 0 : numbering.NumberOf(texts.GetView(i));
      if (number < 0) return std::shared_ptr<arrow::Array>();
      indices.UnsafeAppend(number);
    }
  }
  arrow::StringBuilder dictionary;
  ARROW_RETURN_NOT_OK(dictionary.Reserve(static_cast<int64_t>(numbering.texts().size())));
  for (const std::string_view text : numbering.texts()) {
    ARROW_RETURN_NOT_OK(dictionary.Append(text));
  }
  ARROW_ASSIGN_OR_RAISE(auto values, dictionary.Finish());
  ARROW_ASSIGN_OR_RAISE(auto index_buffer, indices.Finish());
  std::shared_ptr<arrow::Buffer> valid_buffer;
  if (nulls > 0) {
    ARROW_ASSIGN_OR_RAISE(valid_buffer, valid.Finish());
  }
  auto index_array =
      std::make_shared<arrow::Int32Array>(rows, std::move(index_buffer), valid_buffer, nulls);
  return std::make_shared<arrow::DictionaryArray>(arrow::dictionary(arrow::int32(), values->type()),
                                                  std::move(index_array), values);
}

}  // namespace

Result<std::shared_ptr<arrow::Array>> SmallTextDictionary(const arrow::ArrayVector& chunks) {
  if (chunks.empty() || chunks[0]->type_id() != arrow::Type::STRING) {
    return std::shared_ptr<arrow::Array>();
  }
  MR_ARROW_ASSIGN_OR_RETURN(auto encoded, Encode(chunks), kMakingDictionary);
  return encoded;
}

}  // namespace millrace
