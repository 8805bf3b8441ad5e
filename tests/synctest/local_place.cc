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
    return ReadRows(TableFolder(root_, stream));
  }
  Result<std::vector<std::string>> Schema(const StreamDescriptor& stream) override {
    return ReadSchema(TableFolder(root_, stream));
  }
  Result<std::vector<std::string>> Files() override { return VisibleFiles(root_); }

 private:
  const std::filesystem::path root_;
};

}  // namespace

std::unique_ptr<TablePlace> OpenLocalPlace(const std::filesystem::path& folder) {
  return std::make_unique<LocalPlace>(folder / "lake");
}

}  // namespace millrace::synctest
