#include "lake/merge/key_hash.h"

#include <arrow/array.h>
#include <arrow/type.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string_view>

namespace millrace {
namespace {

__extension__ using Product = unsigned __int128;

/// Both halves of the product: every bit of the result depends on every bit of both.
uint64_t Mix(uint64_t a, uint64_t b) {
  const Product product = static_cast<Product>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

class Folder {
 public:
  Folder(const uint64_t* seed, KeyHash& hash) : seed_(seed), hash_(hash) {}

  void Fold(uint64_t value) {
    hash_.high = Mix(hash_.high ^ seed_[0], value ^ seed_[1]);
    hash_.low = Mix(hash_.low ^ seed_[2], value ^ seed_[3]);
  }
  void Fold(std::string_view bytes) {
    Fold(static_cast<uint64_t>(bytes.size()));
    for (; bytes.size() >= 8; bytes.remove_prefix(8)) Fold(Word(bytes, 8));
    if (!bytes.empty()) Fold(Word(bytes, bytes.size()));
  }

 private:
  static uint64_t Word(std::string_view bytes, size_t size) {
    uint64_t word = 0;
    std::memcpy(&word, bytes.data(), size);
    return word;
  }

  const uint64_t* seed_;
  KeyHash& hash_;
};

constexpr uint64_t kNullTag = 0x6e756c6c;
constexpr uint64_t kValueTag = 0x76616c75;

/// Values of a fixed width as words; -0.0 is 0.0 and every NaN is one value.
uint64_t WordOf(const arrow::Array& column, const uint8_t* values, int width, int64_t row) {
  uint64_t word = 0;
  std::memcpy(&word, values + row * width, static_cast<size_t>(std::min(width, 8)));
  if (column.type_id() == arrow::Type::DOUBLE) {
    double number = 0;
    std::memcpy(&number, &word, sizeof number);
    if (number == 0) number = 0;
    if (std::isnan(number)) number = std::numeric_limits<double>::quiet_NaN();
    std::memcpy(&word, &number, sizeof word);
  }
  return word;
}

void FoldFixed(const arrow::Array& column, const uint64_t* seed, std::vector<KeyHash>& hashes) {
  const int width = static_cast<const arrow::FixedWidthType&>(*column.type()).bit_width() / 8;
  const uint8_t* values = column.data()->buffers[1]->data() + column.offset() * width;
  for (int64_t row = 0; row < column.length(); ++row) {
    Folder folder(seed, hashes[static_cast<size_t>(row)]);
    if (column.IsNull(row)) {
      folder.Fold(kNullTag);
      continue;
    }
    folder.Fold(kValueTag);
    if (width <= 8) {
      folder.Fold(WordOf(column, values, width, row));
    } else {
      folder.Fold(std::string_view(reinterpret_cast<const char*>(values) + row * width,
                                   static_cast<size_t>(width)));
    }
  }
}

template <typename ArrayType, typename ValueOf>
void FoldEach(const arrow::Array& column, const uint64_t* seed, std::vector<KeyHash>& hashes,
              ValueOf value_of) {
  const auto& values = static_cast<const ArrayType&>(column);
  for (int64_t row = 0; row < column.length(); ++row) {
    Folder folder(seed, hashes[static_cast<size_t>(row)]);
    folder.Fold(column.IsNull(row) ? kNullTag : kValueTag);
    if (column.IsValid(row)) folder.Fold(value_of(values, row));
  }
}

}  // namespace

KeyHasher::KeyHasher() {
  std::random_device device;
  for (uint64_t& word : seed_) word = (static_cast<uint64_t>(device()) << 32) | device() | 1;
}

Status KeyHasher::CheckType(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL:
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
    case arrow::Type::INT64:
    case arrow::Type::INT32:
    case arrow::Type::DOUBLE:
    case arrow::Type::DATE32:
    case arrow::Type::TIMESTAMP:
    case arrow::Type::TIME64:
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256:
      return Status::Ok();
    default:
      return ConfigError(
          "values of the type {} can't be part of a primary key; choose other "
          "columns in primary_key",
          type.ToString());
  }
}

Result<std::vector<KeyHash>> KeyHasher::Hash(const arrow::ArrayVector& columns,
                                             int64_t rows) const {
  std::vector<KeyHash> hashes(static_cast<size_t>(rows), KeyHash{seed_[1], seed_[2]});
  for (const auto& column : columns) {
    MR_RETURN_IF_ERROR(CheckType(*column->type()));
    switch (column->type_id()) {
      case arrow::Type::BOOL:
        FoldEach<arrow::BooleanArray>(*column, seed_, hashes, [](const auto& values, int64_t row) {
          return static_cast<uint64_t>(values.Value(row));
        });
        break;
      case arrow::Type::STRING:
      case arrow::Type::BINARY:
        FoldEach<arrow::BinaryArray>(*column, seed_, hashes, [](const auto& values, int64_t row) {
          return values.GetView(row);
        });
        break;
      default:
        FoldFixed(*column, seed_, hashes);
    }
  }
  // The last fold alone leaves the halves of short keys related.
  for (KeyHash& hash : hashes) Folder(seed_, hash).Fold(hash.high ^ (hash.low << 1));
  return hashes;
}

}  // namespace millrace
