#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "connector/change_batch.h"
#include "connector/source.h"
#include "formats/json_encoder.h"

namespace millrace {

/// Batches of one stream as RECORD messages, a line each: with the time of their extraction, and
/// with what was changed in them as meta.changes. Values that the source did not send are nulls
/// that say so. One thread.
class RecordLines {
 public:
  /// `stream`: the name that the records carry. A system error names a column that JSON can't hold.
  static Result<RecordLines> Make(const StreamDescriptor& stream, const SchemaPtr& schema);

  /// The batches that follow have another schema.
  Status SetSchema(const SchemaPtr& schema);

  /// Takes whole lines, and how many.
  using TakeLines = std::function<Status(std::string_view lines, int64_t records)>;
  /// Hands the batch to `take`, in pieces; `now` is the time of rows without one. Fails as `take`.
  Status Write(const ChangeBatch& batch, WallTime now, const TakeLines& take);

 private:
  RecordLines(const StreamDescriptor& stream, JsonEncoder encoder);

  using Changes = std::vector<FieldChange>::const_iterator;
  void AppendChanges(int64_t row, Changes* change, Changes end);

  std::string head_;  // of each line
  JsonEncoder encoder_;
  std::string text_;  // not handed on yet; empty between calls
};

}  // namespace millrace
