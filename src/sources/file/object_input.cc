#include <fmt/format.h>

#include <utility>

#include "sources/file/bounded_reader.h"
#include "sources/file/file_input.h"

namespace millrace {
namespace {

/// Up to here a part is fetched as a whole, by a request that asks for no more than it.
constexpr int64_t kWholePartBytes = 1 << 20;

/// A part that was fetched.
class PartReader : public ByteReader {
 public:
  explicit PartReader(std::string part) : part_(std::move(part)) {}

  Result<int64_t> Read(char* out, int64_t size) override {
    const size_t got = part_.copy(out, static_cast<size_t>(size), at_);
    at_ += got;
    return static_cast<int64_t>(got);
  }

 private:
  const std::string part_;
  size_t at_ = 0;
};

class ObjectInput : public FileInput {
 public:
  ObjectInput(std::unique_ptr<ObjectStore> store, std::string key)
      : store_(std::move(store)),
        key_(std::move(key)),
        name_(fmt::format("{}/{}", store_->Name(), key_)) {}

  const std::string& name() const override { return name_; }

  Result<FileFacts> Stat() override {
    MR_ASSIGN_OR_RETURN(const std::unique_ptr<ObjectInfo> info, store_->Head(key_));
    if (info == nullptr) return ConfigError("{} is not there", name_);
    return FileFacts{.size = info->size, .ranged = true, .version = info->etag};
  }

  Result<std::unique_ptr<ByteReader>> Open(int64_t offset, int64_t size) override {
    if (size >= 0 && size <= kWholePartBytes) {
      MR_ASSIGN_OR_RETURN(std::string part, store_->ReadRange(key_, offset, size));
      return std::make_unique<PartReader>(std::move(part));
    }
    MR_ASSIGN_OR_RETURN(std::unique_ptr<ByteReader> reader, store_->OpenReader(key_, offset));
    return std::make_unique<BoundedReader>(std::move(reader), size);
  }

 private:
  const std::unique_ptr<ObjectStore> store_;
  const std::string key_;
  const std::string name_;
};

}  // namespace

std::unique_ptr<FileInput> MakeObjectInput(std::unique_ptr<ObjectStore> store, std::string key) {
  return std::make_unique<ObjectInput>(std::move(store), std::move(key));
}

}  // namespace millrace
