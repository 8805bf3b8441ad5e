#include "lake/merge/parquet_object.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace millrace {
namespace {

/// Bytes that are there already, as a reader.
class TextReader : public ByteReader {
 public:
  explicit TextReader(std::string text) : text_(std::move(text)) {}

  Result<int64_t> Read(char* out, int64_t size) override {
    const size_t take = std::min(static_cast<size_t>(size), text_.size() - at_);
    std::memcpy(out, text_.data() + at_, take);
    at_ += take;
    return static_cast<int64_t>(take);
  }

 private:
  const std::string text_;
  size_t at_ = 0;
};

}  // namespace

Result<std::unique_ptr<ParquetReader>> OpenParquetObject(ObjectStore& store, const std::string& key,
                                                         std::atomic<int64_t>* bytes_read) {
  MR_ASSIGN_OR_RETURN(const auto info, store.Head(key));
  if (info == nullptr) return TransientError("{} in {} is gone", key, store.Name());
  ParquetBytes bytes;
  bytes.size = info->size;
  bytes.open = [&store, key, bytes_read](int64_t offset,
                                         int64_t size) -> Result<std::unique_ptr<ByteReader>> {
    if (bytes_read != nullptr) *bytes_read += size;
    MR_ASSIGN_OR_RETURN(std::string text, store.ReadRange(key, offset, size));
    return std::make_unique<TextReader>(std::move(text));
  };
  auto reader = ParquetReader::Open(std::move(bytes));
  if (!reader.ok()) return reader.status().WithContext("reading " + key + " in " + store.Name());
  return reader;
}

}  // namespace millrace
