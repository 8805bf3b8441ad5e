#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "base/byte_reader.h"
#include "base/result.h"
#include "connector/change_batch.h"
#include "connector/source.h"
#include "formats/avro_codec.h"
#include "formats/avro_decoder.h"

namespace millrace {

/// Reads an Avro object container file from front to back into record batches; see AvroType for
/// the types. Codecs: null, deflate, snappy, zstandard; others are refused by name. Holds a block
/// of the file, unpacked, and the batch being made. One thread. Damaged files are config errors
/// that name the byte.
class AvroReader {
 public:
  /// A block larger than this, packed or unpacked, is an error.
  static constexpr int64_t kBlockBytesMax = 256 << 20;

  /// Reads the header. `input` outlives the reader and stands at the file's start. `columns` are
  /// those wanted; empty: all.
  static Result<std::unique_ptr<AvroReader>> Open(ByteReader& input, bool double_as_string,
                                                  const std::set<std::string>& columns);

  const SchemaPtr& schema() const { return decoder_->schema(); }

  /// The next rows: 122,880 or some 4 MiB of them. `rows` is null at the end.
  Result<ChangeBatch> Next();

 private:
  explicit AvroReader(ByteReader& input) : input_(input) {}

  Status ReadHeader(bool double_as_string, const std::set<std::string>& columns);
  /// Goes to the next block with rows in it; false at the end.
  Result<bool> NextBlock();
  /// Exactly `size` bytes.
  Status ReadExactly(int64_t size, std::string* bytes);
  Result<int64_t> ReadLong();
  /// False when the file ends before the number.
  Result<bool> TryReadLong(int64_t* value);
  Status At(int64_t offset, const Status& what) const;

  ByteReader& input_;
  int64_t offset_ = 0;
  AvroCodec codec_ = AvroCodec::kNull;
  std::string sync_;
  std::shared_ptr<const AvroType> record_;
  std::unique_ptr<AvroDecoder> decoder_;

  std::string block_;  // unpacked
  AvroCursor cursor_{std::string_view()};
  int64_t block_rows_ = 0, rows_left_ = 0;  // of the block
  int64_t block_offset_ = 0;
};

}  // namespace millrace
