#include "lake/merge/change_scan.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <parquet/metadata.h>

#include <algorithm>

#include "lake/merge/parquet_object.h"

namespace millrace {

Status ChangeScan::Open() {
  for (const ChangeFile& file : files_) {
    MR_ASSIGN_OR_RETURN(auto reader, OpenParquetObject(store_, file.key, bytes_read_));
    row_count_ += reader->row_count();
    for (int group = 0; group < reader->row_group_count(); ++group) {
      // Encodings make the file's bytes fewer than the values'.
      memory_bytes_ += 2 * reader->metadata()->RowGroup(group)->total_byte_size();
    }
    readers_.push_back(std::move(reader));
  }
  if (row_count_ >= UINT32_MAX - 8) {
    return SystemError(
        "more than 4 billion changes wait for one merge; use a smaller "
        "merge_interval");
  }
  return Status::Ok();
}

bool ChangeScan::Has(const std::string& column) const {
  return std::any_of(readers_.begin(), readers_.end(), [&](const auto& reader) {
    return reader->schema()->GetFieldIndex(column) >= 0;
  });
}

Status ChangeScan::ForEach(const std::set<std::string>& columns, const Wanted& wanted,
                           const Sink& sink) {
  int64_t first = 0;
  for (size_t file = 0; file < readers_.size(); ++file) {
    ParquetReader& reader = *readers_[file];
    for (int group = 0; group < reader.row_group_count(); ++group) {
      const int64_t rows = reader.metadata()->RowGroup(group)->num_rows();
      if (!wanted || wanted(first, rows)) {
        int64_t at = first;
        MR_RETURN_IF_ERROR(reader.ReadRowGroup(group, columns, [&](const ChangeBatch& batch) {
          const int64_t of_batch = at;
          at += batch.num_rows();
          return sink(*batch.rows, of_batch, file);
        }));
      }
      first += rows;
    }
  }
  return Status::Ok();
}

}  // namespace millrace
