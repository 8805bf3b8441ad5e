#include "formats/avro_reader.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "formats/batch_bounds.h"

namespace millrace {
namespace {

constexpr std::string_view kMagic("Obj\x01", 4);
constexpr int64_t kHeaderBytesMax = 16 << 20;
constexpr int64_t kHeaderEntriesMax = 10'000;
constexpr int64_t kReadAtOnce = 1 << 20;
/// Rows of a block whose records take no bytes: a file can't make more of nothing.
constexpr int64_t kEmptyRowsMax = 1 << 20;

}  // namespace

Status AvroReader::At(int64_t offset, const Status& what) const {
  return what.WithContext(fmt::format("byte {}", offset));
}

Status AvroReader::ReadExactly(int64_t size, std::string* bytes) {
  bytes->clear();
  // Bit by bit: what a damaged size promises need not be there.
  while (static_cast<int64_t>(bytes->size()) < size) {
    const size_t got = bytes->size();
    const int64_t room = std::min(kReadAtOnce, size - static_cast<int64_t>(got));
    bytes->resize(got + static_cast<size_t>(room));
    MR_ASSIGN_OR_RETURN(const int64_t read, input_.Read(bytes->data() + got, room));
    bytes->resize(got + static_cast<size_t>(read));
    offset_ += read;
    if (read == 0) return At(offset_, ConfigError("the file ends early: it is cut short"));
  }
  return Status::Ok();
}

Result<bool> AvroReader::TryReadLong(int64_t* value) {
  constexpr size_t kVarintBytesMax = 10;
  const int64_t begin = offset_;
  std::string text;
  for (bool more = true; more;) {
    if (text.size() == kVarintBytesMax) return At(begin, ConfigError("a number is too long"));
    char byte = 0;
    MR_ASSIGN_OR_RETURN(const int64_t got, input_.Read(&byte, 1));
    if (got == 0 && text.empty()) return false;
    if (got == 0) return At(offset_, ConfigError("the file ends early: it is cut short"));
    ++offset_;
    text += byte;
    more = (static_cast<uint8_t>(byte) & 0x80) != 0;
  }
  AvroCursor cursor(text);
  if (!cursor.ReadLong(value)) return At(begin, ConfigError("a number is too long"));
  return true;
}

Result<int64_t> AvroReader::ReadLong() {
  int64_t value = 0;
  MR_ASSIGN_OR_RETURN(const bool any, TryReadLong(&value));
  if (!any) return At(offset_, ConfigError("the file ends early: it is cut short"));
  return value;
}

Status AvroReader::ReadHeader(bool double_as_string, const std::set<std::string>& columns) {
  std::string magic;
  if (Status read = ReadExactly(static_cast<int64_t>(kMagic.size()), &magic);
      !read.ok() || magic != kMagic) {
    if (read.failed() && read.error().type != FailureType::kConfigError) return read;
    return ConfigError("this is no Avro file: it does not begin with \"Obj\\x01\"");
  }
  std::map<std::string, std::string> entries;
  int64_t count_left = 0;
  for (int64_t total = 0;;) {
    MR_ASSIGN_OR_RETURN(count_left, ReadLong());
    if (count_left == 0) break;
    if (count_left < 0) {
      MR_RETURN_IF_ERROR(ReadLong().status());  // the bytes of the block
      count_left = count_left < -kHeaderEntriesMax ? kHeaderEntriesMax + 1 : -count_left;
    }
    total += std::min(count_left, kHeaderEntriesMax + 1);
    if (total > kHeaderEntriesMax) return At(offset_, ConfigError("the header is damaged"));
    for (; count_left > 0; --count_left) {
      std::string parts[2];
      for (std::string& part : parts) {
        MR_ASSIGN_OR_RETURN(const int64_t size, ReadLong());
        if (size < 0 || offset_ + size > kHeaderBytesMax) {
          return At(offset_, ConfigError("the header is damaged"));
        }
        MR_RETURN_IF_ERROR(ReadExactly(size, &part));
      }
      entries[parts[0]] = std::move(parts[1]);
    }
  }
  MR_RETURN_IF_ERROR(ReadExactly(kAvroSyncBytes, &sync_));
  const std::string name = entries.contains("avro.codec") ? entries["avro.codec"] : "null";
  const std::optional<AvroCodec> codec = AvroCodecFromName(name);
  if (!codec) {
    return ConfigError("Avro's codec '{}' is not there; null, deflate, snappy and zstandard are",
                       name.substr(0, 40));
  }
  codec_ = *codec;
  MR_ASSIGN_OR_RETURN(record_, ParseAvroSchema(entries["avro.schema"], double_as_string));
  MR_ASSIGN_OR_RETURN(decoder_, AvroDecoder::Make(record_, columns));
  return Status::Ok();
}

Result<std::unique_ptr<AvroReader>> AvroReader::Open(ByteReader& input, bool double_as_string,
                                                     const std::set<std::string>& columns) {
  std::unique_ptr<AvroReader> reader(new AvroReader(input));
  MR_RETURN_IF_ERROR(reader->ReadHeader(double_as_string, columns));
  return reader;
}

Result<bool> AvroReader::NextBlock() {
  while (rows_left_ == 0) {
    if (!block_.empty() && cursor_.left() > 0) {
      return At(block_offset_, ConfigError("the block holds more than its records"));
    }
    block_offset_ = offset_;
    int64_t count = 0;
    MR_ASSIGN_OR_RETURN(const bool any, TryReadLong(&count));
    if (!any) return false;  // the file may end here, and only here
    MR_ASSIGN_OR_RETURN(const int64_t size, ReadLong());
    if (count < 0 || size < 0 || size > kBlockBytesMax) {
      return At(block_offset_,
                ConfigError("the block is damaged, or larger than {} MiB", kBlockBytesMax >> 20));
    }
    std::string packed, sync;
    MR_RETURN_IF_ERROR(ReadExactly(size, &packed));
    MR_RETURN_IF_ERROR(ReadExactly(kAvroSyncBytes, &sync));
    if (sync != sync_) {
      return At(block_offset_, ConfigError("the block is damaged: its end mark is wrong"));
    }
    auto unpacked = DecompressAvroBlock(codec_, packed, kBlockBytesMax);
    if (!unpacked.ok()) return At(block_offset_, unpacked.status());
    block_ = *std::move(unpacked);
    cursor_ = AvroCursor(block_);
    const int64_t rows_max = record_->bytes_min > 0 ? cursor_.left() : kEmptyRowsMax;
    if (count > rows_max) {
      return At(block_offset_, ConfigError("the block is said to hold more records than it has"));
    }
    block_rows_ = rows_left_ = count;
  }
  return true;
}

Result<ChangeBatch> AvroReader::Next() {
  int64_t bytes = 0;
  while (decoder_->rows() < kBatchRowsMax && bytes < kBatchBytesMax) {
    MR_ASSIGN_OR_RETURN(const bool more, NextBlock());
    if (!more) break;
    const int64_t begin = cursor_.offset();
    if (Status appended = decoder_->Append(cursor_); !appended.ok()) {
      return At(block_offset_, appended.WithContext(fmt::format("record {} of its block",
                                                                block_rows_ - rows_left_ + 1)));
    }
    bytes += cursor_.offset() - begin;
    --rows_left_;
  }
  if (decoder_->rows() == 0) return ChangeBatch{};
  return decoder_->Finish();
}

}  // namespace millrace
