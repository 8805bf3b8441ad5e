#include <fmt/format.h>

#include <optional>
#include <utility>

#include "files/bounded_reader.h"
#include "files/file_input.h"

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
  ObjectInput(std::shared_ptr<ObjectStore> store, std::string key,
              std::optional<ObjectInfo> listed = std::nullopt)
      : store_(std::move(store)),
        key_(std::move(key)),
        name_(fmt::format("{}/{}", store_->Name(), key_)),
        listed_(std::move(listed)) {}

  const std::string& name() const override { return name_; }

  Result<FileFacts> Stat() override {
    if (listed_) return FactsOf(*listed_);
    MR_ASSIGN_OR_RETURN(const std::unique_ptr<ObjectInfo> info, store_->Head(key_));
    if (info == nullptr) return ConfigError("{} is not there", name_);
    return FactsOf(*info);
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
  static FileFacts FactsOf(const ObjectInfo& info) {
    return FileFacts{.size = info.size, .ranged = true, .version = info.etag};
  }

  const std::shared_ptr<ObjectStore> store_;
  const std::string key_;
  const std::string name_;
  const std::optional<ObjectInfo> listed_;
};

}  // namespace

std::unique_ptr<FileInput> MakeObjectInput(std::shared_ptr<ObjectStore> store, std::string key) {
  return std::make_unique<ObjectInput>(std::move(store), std::move(key));
}

std::unique_ptr<FileInput> MakeListedInput(std::shared_ptr<ObjectStore> store,
                                           const ObjectInfo& listed) {
  return std::make_unique<ObjectInput>(std::move(store), listed.key, listed);
}

}  // namespace millrace
