#include "base/uuid.h"

#include <openssl/rand.h>

#include <cstring>

#include "base/check.h"

namespace millrace {
namespace {

constexpr char kHex[] = "0123456789abcdef";

// Text position of each of the 16 bytes in the 8-4-4-4-12 form.
constexpr int kPosition[16] = {0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};

void Random(uint8_t* bytes, size_t size) {
  MR_CHECK(RAND_bytes(bytes, static_cast<int>(size)) == 1, "no randomness");
}

void WriteByte(char* text, int index, uint8_t value) {
  text[kPosition[index]] = kHex[value >> 4];
  text[kPosition[index] + 1] = kHex[value & 15];
}

void WriteText(char* text, const uint8_t* bytes) {
  text[8] = text[13] = text[18] = text[23] = '-';
  for (int i = 0; i < 16; ++i) WriteByte(text, i, bytes[i]);
}

}  // namespace

std::string RandomUuid() {
  uint8_t bytes[16];
  Random(bytes, sizeof bytes);
  bytes[6] = static_cast<uint8_t>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<uint8_t>((bytes[8] & 0x3f) | 0x80);
  std::string text(36, '-');
  WriteText(text.data(), bytes);
  return text;
}

UuidV7Batch::UuidV7Batch(WallTime now) {
  const auto millis = static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count());
  Random(bytes_.data(), bytes_.size());
  for (int i = 0; i < 6; ++i) bytes_[i] = static_cast<uint8_t>(millis >> (40 - 8 * i));
  bytes_[6] = static_cast<uint8_t>((bytes_[6] & 0x0f) | 0x70);
  bytes_[8] = static_cast<uint8_t>((bytes_[8] & 0x3f) | 0x80);
  // The counter is the last four bytes; it starts at zero, and a batch is far smaller than 2^32.
  std::memset(bytes_.data() + 12, 0, 4);
  WriteText(text_.data(), bytes_.data());
}

void UuidV7Batch::Next(char* out) {
  std::memcpy(out, text_.data(), kTextSize);
  for (int i = 15; i >= 12; --i) {
    const uint8_t next = ++bytes_[i];
    WriteByte(text_.data(), i, next);
    if (next != 0) break;
  }
}

}  // namespace millrace
