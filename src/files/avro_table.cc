#include "files/avro_table.h"

#include <utility>

#include "formats/avro_reader.h"

namespace millrace {
namespace {

class AvroTable : public FileTable {
 public:
  AvroTable(FileInput& input, bool double_as_string)
      : input_(input), double_as_string_(double_as_string) {}

  Status Survey(std::stop_token) override {
    MR_ASSIGN_OR_RETURN(const std::unique_ptr<ByteReader> bytes, input_.Open(0, -1));
    MR_ASSIGN_OR_RETURN(const auto reader, AvroReader::Open(*bytes, double_as_string_, {}));
    schema_ = reader->schema();
    return Status::Ok();
  }

  const SchemaPtr& schema() const override { return schema_; }
  int64_t piece_count() const override { return 1; }
  int64_t row_count() const override { return -1; }

  Status Read(int64_t, const std::set<std::string>& columns, const RowSink& sink,
              std::stop_token stop) override {
    MR_ASSIGN_OR_RETURN(const std::unique_ptr<ByteReader> bytes, input_.Open(0, -1));
    MR_ASSIGN_OR_RETURN(const auto reader, AvroReader::Open(*bytes, double_as_string_, columns));
    while (!stop.stop_requested()) {
      MR_ASSIGN_OR_RETURN(ChangeBatch batch, reader->Next());
      if (batch.rows == nullptr) return Status::Ok();
      MR_RETURN_IF_ERROR(sink(std::move(batch)));
    }
    return Status::Canceled();
  }

 private:
  FileInput& input_;
  const bool double_as_string_;
  SchemaPtr schema_;
};

}  // namespace

std::unique_ptr<FileTable> MakeAvroTable(FileInput& input, bool double_as_string) {
  return std::make_unique<AvroTable>(input, double_as_string);
}

}  // namespace millrace
