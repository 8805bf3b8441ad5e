#include "lake/lake_scan.h"

#include <arrow/record_batch.h>

#include <set>
#include <utility>

#include "formats/parquet_reader.h"
#include "lake/manifest_chain.h"
#include "lake/merge/parquet_object.h"

namespace millrace {
namespace {

class LakeScan : public TableScan {
 public:
  LakeScan(std::unique_ptr<ObjectStore> store, std::vector<std::string> keys,
           std::set<std::string> columns)
      : store_(std::move(store)), keys_(std::move(keys)), columns_(std::move(columns)) {}

  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    for (;;) {
      if (rows_ != nullptr) {
        MR_ASSIGN_OR_RETURN(ChangeBatch batch, rows_->Next());
        if (batch.rows != nullptr && batch.rows->num_rows() == 0) continue;
        if (batch.rows != nullptr) return batch.rows;
        rows_.reset();
      }
      if (reader_ != nullptr && row_group_ < reader_->row_group_count()) {
        MR_ASSIGN_OR_RETURN(rows_, reader_->OpenRowGroup(row_group_++, columns_));
        continue;
      }
      if (next_key_ == keys_.size()) return std::shared_ptr<arrow::RecordBatch>();
      reader_.reset();
      MR_ASSIGN_OR_RETURN(reader_, OpenParquetObject(*store_, keys_[next_key_++], nullptr));
      row_group_ = 0;
    }
  }

 private:
  const std::unique_ptr<ObjectStore> store_;
  const std::vector<std::string> keys_;
  const std::set<std::string> columns_;
  size_t next_key_ = 0;
  std::unique_ptr<ParquetReader> reader_;  // of keys_[next_key_ - 1]
  int row_group_ = 0;
  std::unique_ptr<ParquetRows> rows_;
};

/// The files of the manifest that a reader can see: one that was decided and not carried out yet
/// may name some that are not there, and some that it is about to remove.
Result<std::vector<std::string>> VisibleKeys(ObjectStore& store, const Manifest& manifest) {
  std::set<std::string> uncertain;
  for (const PendingUpload& upload : manifest.completing) uncertain.insert(upload.key);
  std::vector<std::string> keys = manifest.removing;
  uncertain.insert(keys.begin(), keys.end());
  for (const DataFile& file : manifest.files) keys.push_back(file.key);
  std::vector<std::string> visible;
  for (std::string& key : keys) {
    if (uncertain.contains(key)) {
      MR_ASSIGN_OR_RETURN(const auto info, store.Head(key));
      if (info == nullptr) continue;
    }
    visible.push_back(std::move(key));
  }
  return visible;
}

}  // namespace

Result<std::unique_ptr<TableScan>> OpenLakeScan(std::unique_ptr<ObjectStore> store,
                                                const LayoutConfig& layout,
                                                const FileFormat& format,
                                                const ConfiguredStream& stream,
                                                const std::vector<std::string>& columns) {
  if (format.type != FileFormat::Type::kParquet) {
    return ConfigError("tables of CSV or JSONL files can't be read back yet; only Parquet can");
  }
  const TableLayout table(layout, stream.destination, format.Extension());
  const ManifestChain chain(*store, table.manifest_folder());
  MR_ASSIGN_OR_RETURN(const auto objects, store->List(table.manifest_folder()));
  std::vector<std::string> keys;
  for (const ObjectInfo& object : objects) keys.push_back(object.key);
  const ChainEnd end = chain.FindEnd(keys);
  if (end.sequence == 0) {
    return ConfigError("there is no table {} in {}; sync it first", stream.destination.ToString(),
                       store->Name());
  }
  MR_ASSIGN_OR_RETURN(const Manifest manifest, chain.ReadNewest(end));
  MR_ASSIGN_OR_RETURN(std::vector<std::string> visible, VisibleKeys(*store, manifest));
  return std::make_unique<LakeScan>(std::move(store), std::move(visible),
                                    std::set<std::string>(columns.begin(), columns.end()));
}

}  // namespace millrace
