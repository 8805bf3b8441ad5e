#include "transform/hashids.h"

#include <arrow/array.h>
#include <arrow/type_traits.h>
#include <arrow/util/bit_util.h>
#define XXH_INLINE_ALL
#include <arrow/vendored/xxhash.h>

#include <array>
#include <cstring>
#include <string>

#include "connector/number_type.h"
#include "formats/json_encoder.h"
#include "formats/number_text.h"
#include "transform/fixed_text.h"

namespace millrace {
namespace {

// What stands before a part of a key: two parts never run into one another.
constexpr char kNullPart = 0;
constexpr char kNumberPart = 1;
constexpr char kOtherPart = 2;

bool IsNumeric(const arrow::DataType& type) {
  return IsNumber(type) || arrow::is_integer(type.id()) || arrow::is_floating(type.id()) ||
         arrow::is_decimal(type.id());
}

/// The digits of all bytes, two for each.
constexpr auto kHexPairs = [] {
  std::array<std::array<char, 2>, 256> pairs{};
  constexpr char kDigits[] = "0123456789abcdef";
  for (size_t i = 0; i < 256; ++i) pairs[i] = {kDigits[i >> 4], kDigits[i & 15]};
  return pairs;
}();

void WriteHex(const XXH128_hash_t& hash, char* out) {
  XXH128_canonical_t bytes;
  XXH128_canonicalFromHash(&bytes, hash);
  for (size_t i = 0; i < sizeof(bytes.digest); ++i) {
    std::memcpy(out + 2 * i, kHexPairs[bytes.digest[i]].data(), 2);
  }
}

void AppendPart(const arrow::Array& part, bool numeric, int64_t row, std::string* out) {
  if (part.IsNull(row)) {
    *out += kNullPart;
    return;
  }
  *out += numeric ? kNumberPart : kOtherPart;
  const size_t begin = out->size();
  AppendJsonValue(part, row, *out);
  if (numeric && out->find_first_not_of("-0123456789", begin) != std::string::npos) {
    if (const auto canonical = CanonicalNumber(std::string_view(*out).substr(begin))) {
      out->replace(begin, std::string::npos, *canonical);
    }
  }
  const auto size = static_cast<uint32_t>(out->size() - begin);
  out->append(reinterpret_cast<const char*>(&size), sizeof(size));
}

}  // namespace

Result<Hashids> KeyHashids(const arrow::ArrayVector& key, int64_t num_rows) {
  std::vector<bool> numeric;
  for (const auto& part : key) {
    if (!HasJsonForm(*part->type())) {
      return SystemError("a key of the type {} has no form to be hashed", part->type()->ToString());
    }
    numeric.push_back(IsNumeric(*part->type()));
  }
  std::string text;
  return MakeFixedText(num_rows, kHashidWidth, [&](int64_t row, char* out) {
    text.clear();
    for (size_t i = 0; i < key.size(); ++i) AppendPart(*key[i], numeric[i], row, &text);
    WriteHex(XXH3_128bits(text.data(), text.size()), out);
  });
}

Result<Hashids> RowHashids(const arrow::StringArray& ids) {
  return MakeFixedText(ids.length(), kHashidWidth, [&](int64_t row, char* out) {
    // xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx
    const char* id = ids.GetView(row).data();
    std::memcpy(out, id, 8);
    std::memcpy(out + 8, id + 9, 4);
    std::memcpy(out + 12, id + 14, 4);
    std::memcpy(out + 16, id + 19, 4);
    std::memcpy(out + 20, id + 24, 12);
  });
}

Result<Hashids> ElementHashids(const arrow::StringArray& of_parents,
                               const std::vector<int32_t>& parents) {
  int32_t parent = -1;
  uint32_t place = 0;
  std::array<char, kHashidWidth + sizeof(place)> text;
  return MakeFixedText(static_cast<int64_t>(parents.size()), kHashidWidth,
                       [&](int64_t row, char* out) {
                         const int32_t now = parents[static_cast<size_t>(row)];
                         place = now == parent ? place + 1 : 0;
                         parent = now;
                         std::memcpy(text.data(), of_parents.GetView(parent).data(), kHashidWidth);
                         std::memcpy(text.data() + kHashidWidth, &place, sizeof(place));
                         WriteHex(XXH3_128bits(text.data(), text.size()), out);
                       });
}

Result<std::shared_ptr<arrow::StringArray>> RepeatTexts(const arrow::StringArray& texts,
                                                        int32_t width,
                                                        const std::vector<int32_t>& rows) {
  const auto num_rows = static_cast<int64_t>(rows.size());
  int64_t nulls = 0;
  MR_ASSIGN_OR_RETURN(auto repeated, MakeFixedText(num_rows, width, [&](int64_t i, char* out) {
                        const int32_t row = rows[static_cast<size_t>(i)];
                        if (row < 0) {
                          std::memset(out, '0', static_cast<size_t>(width));
                          ++nulls;
                        } else {
                          std::memcpy(out, texts.GetView(row).data(), static_cast<size_t>(width));
                        }
                      }));
  if (nulls == 0) return repeated;
  MR_ARROW_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> valid,
                            arrow::AllocateEmptyBitmap(num_rows), "building a column of ids");
  for (int64_t i = 0; i < num_rows; ++i) {
    if (rows[static_cast<size_t>(i)] >= 0) arrow::bit_util::SetBit(valid->mutable_data(), i);
  }
  return std::make_shared<arrow::StringArray>(num_rows, repeated->value_offsets(),
                                              repeated->value_data(), std::move(valid), nulls);
}

}  // namespace millrace
