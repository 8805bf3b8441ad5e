#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "base/check.h"
#include "connector/number_type.h"
#include "sources/postgres/copy_decoder.h"

// Any bytes, cut anywhere, into a column of every kind: an error or valid Arrow data, never more.
// The first byte chooses the size of the pieces, the second whether the columns are lists.

namespace millrace {
namespace {

ColumnType Make(WireKind kind, std::shared_ptr<arrow::DataType> type, int precision = 0,
                int scale = 0) {
  ColumnType column;
  column.kind = kind;
  column.arrow = std::move(type);
  column.precision = precision;
  column.scale = scale;
  return column;
}

std::vector<ColumnType> EveryKind() {
  return {Make(WireKind::kBool, arrow::boolean()),
          Make(WireKind::kInt2, arrow::int64()),
          Make(WireKind::kInt4, arrow::int64()),
          Make(WireKind::kInt8, arrow::int64()),
          Make(WireKind::kOid, arrow::int64()),
          Make(WireKind::kFloat4, arrow::float64()),
          Make(WireKind::kFloat8, arrow::float64()),
          Make(WireKind::kNumericInt64, arrow::int64(), 18, 0),
          Make(WireKind::kDecimal64, arrow::decimal128(15, 2), 15, 2),
          Make(WireKind::kDecimal128, arrow::decimal128(38, 10), 38, 10),
          Make(WireKind::kDecimal256, arrow::decimal256(76, 20), 76, 20),
          Make(WireKind::kNumericText, number()),
          Make(WireKind::kDate, arrow::date32()),
          Make(WireKind::kTime, arrow::time64(arrow::TimeUnit::MICRO)),
          Make(WireKind::kTimestamp, arrow::timestamp(arrow::TimeUnit::MICRO)),
          Make(WireKind::kText, arrow::utf8()),
          Make(WireKind::kJsonb, arrow::utf8()),
          Make(WireKind::kUuid, arrow::utf8()),
          Make(WireKind::kInet, arrow::utf8()),
          Make(WireKind::kBytes, arrow::binary())};
}

void Decode(const uint8_t* data, size_t size) {
  const size_t piece = data[0] % 64 + 1;
  const bool lists = data[1] % 2 == 1;
  // The third byte says which kind stands in the only column: short inputs then reach it.
  const auto kinds = EveryKind();
  ColumnType type = kinds[data[2] % kinds.size()];
  if (lists) {
    ColumnType list = Make(WireKind::kList, arrow::list(type.arrow));
    list.element = std::make_shared<ColumnType>(type);
    type = std::move(list);
  }
  const auto schema = arrow::schema({arrow::field("value", type.arrow)});
  RowBatch batch({{"value", type}}, /*validates_utf8=*/true);
  CopyDecoder::Limits limits;
  limits.rows_max = 100;
  CopyDecoder decoder(batch, limits, [&](RowBatch& full) -> Status {
    MR_ASSIGN_OR_RETURN(const ChangeBatch made, full.Finish(schema));
    MR_CHECK(made.rows->ValidateFull().ok(), made.rows->ValidateFull().ToString());
    return Status::Ok();
  });
  data += 3;
  size -= 3;
  while (size > 0) {
    const size_t n = std::min(piece, size);
    if (!decoder.Consume(reinterpret_cast<const char*>(data), n).ok()) return;
    data += n;
    size -= n;
  }
  (void)decoder.Finish().ok();
}

}  // namespace
}  // namespace millrace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size >= 3) millrace::Decode(data, size);
  return 0;
}
