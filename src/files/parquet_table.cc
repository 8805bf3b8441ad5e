#include "files/parquet_table.h"

#include <utility>

#include "formats/parquet_reader.h"

namespace millrace {
namespace {

class ParquetTable : public FileTable {
 public:
  explicit ParquetTable(FileInput& input) : input_(input) {}

  Status Survey(std::stop_token) override {
    MR_ASSIGN_OR_RETURN(const FileFacts facts, input_.Stat());
    if (!facts.ranged || facts.size < 0) {
      return ConfigError(
          "the server does not give out parts of the file: Parquet can only be read from one that "
          "does (Range requests)");
    }
    ParquetBytes bytes;
    bytes.size = facts.size;
    bytes.open = [this](int64_t offset, int64_t size) { return input_.Open(offset, size); };
    MR_ASSIGN_OR_RETURN(reader_, ParquetReader::Open(std::move(bytes)));
    return Status::Ok();
  }

  const SchemaPtr& schema() const override { return reader_->schema(); }
  int64_t piece_count() const override { return reader_->row_group_count(); }
  int64_t row_count() const override { return reader_->row_count(); }

  Status Read(int64_t piece, const std::set<std::string>& columns, const RowSink& sink,
              std::stop_token stop) override {
    return reader_->ReadRowGroup(static_cast<int>(piece), columns,
                                 [&](ChangeBatch batch) -> Status {
                                   if (stop.stop_requested()) return Status::Canceled();
                                   return sink(std::move(batch));
                                 });
  }

 private:
  FileInput& input_;
  std::unique_ptr<ParquetReader> reader_;
};

}  // namespace

Result<std::unique_ptr<FileTable>> MakeParquetTable(FileInput& input) {
  return std::make_unique<ParquetTable>(input);
}

}  // namespace millrace
