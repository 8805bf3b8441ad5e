#include "files/excel_table.h"

#include <optional>
#include <utility>

namespace millrace {
namespace {

class ExcelTable : public FileTable {
 public:
  ExcelTable(FileInput& input, const ExcelOptions& options) : input_(input), options_(options) {}

  Status Survey(std::stop_token stop) override {
    const OpenWorkbook open = [this] { return input_.Open(0, -1); };
    MR_ASSIGN_OR_RETURN(ExcelSheet sheet, ExcelSheet::Survey(open, options_, stop));
    sheet_.emplace(std::move(sheet));
    return Status::Ok();
  }

  const SchemaPtr& schema() const override { return sheet_->schema(); }
  int64_t piece_count() const override { return 1; }
  int64_t row_count() const override { return sheet_->row_count(); }

  Status Read(int64_t, const std::set<std::string>& columns, const RowSink& sink,
              std::stop_token stop) override {
    return sheet_->Read(columns, sink, stop);
  }

 private:
  FileInput& input_;
  const ExcelOptions options_;
  std::optional<ExcelSheet> sheet_;
};

}  // namespace

std::unique_ptr<FileTable> MakeExcelTable(FileInput& input, const ExcelOptions& options) {
  return std::make_unique<ExcelTable>(input, options);
}

}  // namespace millrace
