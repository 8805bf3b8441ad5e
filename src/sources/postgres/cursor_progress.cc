#include "sources/postgres/cursor_progress.h"

#include "base/log.h"
#include "sources/postgres/cursor_query.h"
#include "sources/postgres/hashed_columns.h"
#include "sources/postgres/row_hash.h"

namespace millrace {
namespace {

void Remember(uint64_t hash, CursorState* state) {
  ++state->record_count;
  if (state->row_hashes.size() < CursorState::kRowHashesMax) state->row_hashes.push_back(hash);
}

}  // namespace

CursorProgress::CursorProgress(const StreamPlan& plan, TableColumn cursor, const CursorState& saved,
                               SourceOutput& output)
    : plan_(plan),
      cursor_(std::move(cursor)),
      output_(output),
      saved_cursor_(saved.cursor),
      delivered_columns_(
          FindHashedColumns(saved.hashed_columns, plan.columns()).value_or(std::vector<int>())),
      state_(saved) {
  for (const uint64_t hash : saved.row_hashes) ++delivered_[hash];
}

Result<bool> CursorProgress::Accept(const std::vector<WireField>& fields, CopyDecoder& decoder) {
  const WireField& value = fields.back();
  if (value.size < 0) return SystemError("a row without a cursor came from the server");
  const std::string_view bytes(value.data, static_cast<size_t>(value.size));
  if (!any_row_ || bytes != value_bytes_) {
    MR_RETURN_IF_ERROR(StartValue(value, decoder));
    value_bytes_ = bytes;
    any_row_ = true;
  }
  const uint64_t hash = HashRow(fields, static_cast<int>(plan_.columns().size()));
  Remember(hash, &state_);
  if (state_.cursor != saved_cursor_) return true;
  // As it was then: without the columns that were added since. Each remembered row stands for one:
  // a second one like it is new.
  const auto known = delivered_.find(HashRow(fields, delivered_columns_));
  if (known == delivered_.end() || known->second == 0) return true;
  --known->second;
  return false;
}

Status CursorProgress::StartValue(const WireField& value, CopyDecoder& decoder) {
  MR_ASSIGN_OR_RETURN(std::string text, CursorText(cursor_.type, value));
  // Bytes may differ where values don't: 1.0 and 1.00.
  if (any_row_ && state_.cursor == text) return Status::Ok();
  if (any_row_ && decoder.batches_emitted() > batches_at_checkpoint_) {
    MR_RETURN_IF_ERROR(decoder.Flush());
    MR_RETURN_IF_ERROR(output_.Checkpoint(ToStateMessage(plan_.table().descriptor(), state_)));
    batches_at_checkpoint_ = decoder.batches_emitted();
  }
  state_.cursor = std::move(text);
  state_.has_row_hashes = true;
  state_.hashed_columns = HashedColumns(plan_.columns());
  state_.record_count = 0;
  state_.row_hashes.clear();
  return Status::Ok();
}

Status CursorProgress::Finish() {
  const auto forgotten = state_.record_count - static_cast<int64_t>(state_.row_hashes.size());
  if (any_row_ && forgotten > 0) {
    Log(LogLevel::kWarn,
        "{}: {} rows share the last cursor value {}: {} of them will come again in the next sync",
        plan_.table().descriptor().ToString(), state_.record_count, *state_.cursor, forgotten);
  }
  return output_.Checkpoint(ToStateMessage(plan_.table().descriptor(), state_));
}

RowHashCollector::RowHashCollector(const StreamPlan& plan, CursorState& state)
    : columns_(static_cast<int>(plan.columns().size())), state_(state) {
  state_.has_row_hashes = true;
  state_.hashed_columns = HashedColumns(plan.columns());
}

Result<bool> RowHashCollector::Accept(const std::vector<WireField>& fields, CopyDecoder&) {
  Remember(HashRow(fields, columns_), &state_);
  return false;
}

}  // namespace millrace
