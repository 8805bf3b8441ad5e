#pragma once

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "connector/destination.h"

namespace millrace {

/// For tests: hears of commits and forgets them.
class DeafListener : public CommitListener {
 public:
  void Committed(CheckpointId) override {}
  void CommitFailed(CheckpointId, const Status&) override {}
};

/// For tests: public.customers, replaced by its generation or appended to.
inline ConfiguredStream CustomersStream(bool overwrite, int64_t generation = 1) {
  ConfiguredStream stream;
  stream.stream.descriptor = {"customers", "public"};
  stream.destination = stream.stream.descriptor;
  stream.generation_id = generation;
  if (overwrite) {
    stream.destination_sync_mode = DestinationSyncMode::kOverwrite;
    stream.minimum_generation_id = generation;
  } else {
    stream.sync_mode = SyncMode::kIncremental;
  }
  return stream;
}

/// For tests: an attempt of 2025-01-20 12:00:00 UTC.
inline LoadContext AttemptContext(CheckpointId last_saved, int64_t fencing_token = 0) {
  LoadContext context;
  context.connection = "test";
  context.epoch = "epoch-1";
  context.last_saved = last_saved;
  context.fencing_token = fencing_token;
  context.started_at = WallTime(std::chrono::seconds(1737374400));
  return context;
}

/// For tests: a column of ids and one of names ("name 1").
inline ChangeBatch CustomerRows(const std::vector<int64_t>& ids) {
  arrow::Int64Builder id;
  arrow::StringBuilder name;
  for (const int64_t value : ids) {
    EXPECT_TRUE(id.Append(value).ok());
    EXPECT_TRUE(name.Append("name " + std::to_string(value)).ok());
  }
  const auto schema = arrow::schema(
      {arrow::field("id", arrow::int64(), false), arrow::field("name", arrow::utf8())});
  return {arrow::RecordBatch::Make(schema, static_cast<int64_t>(ids.size()),
                                   {id.Finish().ValueOrDie(), name.Finish().ValueOrDie()}),
          {},
          {}};
}

/// For tests: one whole attempt that writes `ids` and commits them as checkpoint last_saved + 1.
inline Status WriteCustomers(Destination& destination, const ConfiguredStream& stream,
                             const std::vector<int64_t>& ids, const LoadContext& context) {
  DeafListener listener;
  ConfiguredCatalog catalog;
  catalog.streams.push_back(stream);
  MR_ASSIGN_OR_RETURN(auto load, destination.OpenLoad(catalog, context, listener));
  const ChangeBatch rows = CustomerRows(ids);
  MR_ASSIGN_OR_RETURN(auto writer, load->OpenWriter(stream, rows.rows->schema(), 0));
  MR_RETURN_IF_ERROR(writer->Write(rows));
  MR_ASSIGN_OR_RETURN(StagedParts parts, writer->Flush());
  MR_RETURN_IF_ERROR(load->Commit({context.last_saved + 1, {}}, {std::move(parts)}));
  MR_RETURN_IF_ERROR(load->FinishStream(stream.descriptor(), StreamStatus::kComplete));
  writer.reset();
  return load->Close();
}

}  // namespace millrace
