#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "clients/object_store/s3_store.h"
#include "clients/s3/testing/s3_server.h"
#include "destinations/s3/s3_destination.h"
#include "table_place.h"
#include "table_reader.h"

namespace millrace::synctest {
namespace {

/// A prefix of a bucket. It is read by copying what a listing shows to the disk.
class S3Place : public TablePlace {
 public:
  S3Place(std::unique_ptr<ObjectStore> store, std::string prefix, std::filesystem::path mirror)
      : store_(std::move(store)), prefix_(std::move(prefix)), mirror_(std::move(mirror)) {}

  Result<std::unique_ptr<Destination>> MakeDestination(const Json& format,
                                                       const std::string& deletion) override {
    const S3Config server = S3Server::Get().Config();
    Json config{{"s3_bucket_name", server.bucket},
                {"s3_bucket_path", prefix_},
                {"s3_bucket_region", server.region},
                {"s3_endpoint", server.endpoint},
                {"access_key_id", server.credentials.access_key_id},
                {"secret_access_key", server.credentials.secret_access_key},
                {"s3_path_format", "${NAMESPACE}/${STREAM_NAME}/"},
                {"cdc_deletion_mode", deletion},
                {"format", Json{{"format_type", "Parquet"}}}};
    if (!format.empty()) config["format"] = format;
    return MakeS3Destination(config);
  }
  Result<std::vector<std::string>> Rows(const StreamDescriptor& stream) override {
    MR_RETURN_IF_ERROR(Mirror());
    return ReadRows(TableFolder(mirror_, stream));
  }
  Result<std::vector<std::string>> Schema(const StreamDescriptor& stream) override {
    MR_RETURN_IF_ERROR(Mirror());
    return ReadSchema(TableFolder(mirror_, stream));
  }
  Result<std::vector<std::string>> Files() override {
    MR_RETURN_IF_ERROR(Mirror());
    return VisibleFiles(mirror_);
  }

 private:
  Status Mirror() {
    std::filesystem::remove_all(mirror_);
    MR_ASSIGN_OR_RETURN(const auto objects, store_->List(""));
    for (const ObjectInfo& object : objects) {
      const auto path = mirror_ / object.key;
      std::filesystem::create_directories(path.parent_path());
      MR_ASSIGN_OR_RETURN(const std::string bytes, store_->ReadRange(object.key, 0, object.size));
      std::ofstream(path, std::ios::binary) << bytes;
    }
    return Status::Ok();
  }

  const std::unique_ptr<ObjectStore> store_;
  const std::string prefix_;
  const std::filesystem::path mirror_;
};

}  // namespace

Result<std::unique_ptr<TablePlace>> OpenS3Place(const std::filesystem::path& folder) {
  const std::string prefix = folder.parent_path().filename() / folder.filename();
  MR_ASSIGN_OR_RETURN(auto store, MakeS3Store(S3Server::Get().Config(), prefix));
  return std::make_unique<S3Place>(std::move(store), prefix, folder / "mirror");
}

}  // namespace millrace::synctest
