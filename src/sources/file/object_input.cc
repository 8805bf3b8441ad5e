#include <fmt/format.h>

#include <utility>

#include "sources/file/bounded_reader.h"
#include "sources/file/file_input.h"

namespace millrace {
namespace {

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
    return FileFacts{info->size, true, info->etag};
  }

  Result<std::unique_ptr<ByteReader>> Open(int64_t offset, int64_t size) override {
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
