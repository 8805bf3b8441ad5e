#include <nlohmann/json.hpp>

#include "destinations/local/local_destination.h"
#include "table_place.h"
#include "table_reader.h"

namespace millrace::synctest {
namespace {

class LocalPlace : public TablePlace {
 public:
  explicit LocalPlace(std::filesystem::path root) : root_(std::move(root)) {}

  Result<std::unique_ptr<Destination>> MakeDestination(const Json& format,
                                                       const std::string& deletion) override {
    Json config{{"path", root_.string()},
                {"s3_path_format", "${NAMESPACE}/${STREAM_NAME}/"},
                {"cdc_deletion_mode", deletion}};
    if (!format.empty()) config["format"] = format;
    return MakeLocalDestination(config);
  }
  Result<std::vector<std::string>> Rows(const StreamDescriptor& stream) override {
    return ReadRows(FolderOf(stream));
  }
  Result<std::vector<std::string>> Schema(const StreamDescriptor& stream) override {
    return ReadSchema(FolderOf(stream));
  }
  Result<std::vector<std::string>> Files() override { return VisibleFiles(root_); }

 private:
  std::filesystem::path FolderOf(const StreamDescriptor& stream) const {
    return root_ / stream.name_space.value_or("") / stream.name;
  }

  const std::filesystem::path root_;
};

}  // namespace

std::unique_ptr<TablePlace> OpenLocalPlace(const std::filesystem::path& folder) {
  return std::make_unique<LocalPlace>(folder / "lake");
}

}  // namespace millrace::synctest
