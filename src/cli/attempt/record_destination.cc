#include "cli/attempt/record_destination.h"

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "formats/json_encoder.h"

namespace millrace {
namespace {

/// Text is handed on once there is this much of it.
constexpr size_t kWriteBytes = 64 << 10;

/// One lane of one stream.
class RecordWriter : public StreamWriter {
 public:
  RecordWriter(ProtocolOutput& output, const StreamDescriptor& stream, int lane, const Clock& clock,
               JsonEncoder encoder)
      : output_(output), stream_(stream), lane_(lane), clock_(clock), encoder_(std::move(encoder)) {
    Json head = Json::object();
    head["stream"] = stream.name;
    if (stream.name_space) head["namespace"] = *stream.name_space;
    const std::string fields = head.dump(-1, ' ', false, Json::error_handler_t::replace);
    head_ = R"({"type":"RECORD","record":)" + fields.substr(0, fields.size() - 1) + R"(,"data":)";
  }

  Status Write(const ChangeBatch& batch) override {
    const auto now = clock_.WallNow().time_since_epoch();
    const std::string emitted = fmt::format(
        R"(,"emitted_at":{})", std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
    auto change = batch.changes.begin();
    for (int64_t row = 0; row < batch.num_rows(); ++row) {
      text_ += head_;
      encoder_.AppendRow(*batch.rows, row, text_);
      text_ += emitted;
      AppendChanges(batch, row, &change);
      text_ += "}}\n";
      if (text_.size() >= kWriteBytes) MR_RETURN_IF_ERROR(HandOver());
    }
    records_ += batch.num_rows();
    bytes_ += batch.num_bytes();
    return Status::Ok();
  }

  Status SetSchema(const SchemaPtr& schema) override {
    MR_ASSIGN_OR_RETURN(encoder_, JsonEncoder::Make(schema));
    return Status::Ok();
  }

  Result<StagedParts> Flush() override {
    MR_RETURN_IF_ERROR(HandOver());
    StagedParts parts{stream_, lane_, {}, records_, bytes_};
    records_ = bytes_ = 0;
    return parts;
  }

 private:
  Status HandOver() {
    const Status written = output_.WriteLines(text_);
    text_.clear();
    return written;
  }

  void AppendChanges(const ChangeBatch& batch, int64_t row,
                     std::vector<FieldChange>::const_iterator* change) {
    Json changes = Json::array();
    for (; *change != batch.changes.end() && (*change)->row == row; ++*change) {
      changes.push_back({{"field", (*change)->field},
                         {"change", (*change)->change},
                         {"reason", (*change)->reason}});
    }
    if (changes.empty()) return;
    text_ +=
        R"(,"meta":{"changes":)" + changes.dump(-1, ' ', false, Json::error_handler_t::replace);
    text_ += "}";
  }

  ProtocolOutput& output_;
  const StreamDescriptor stream_;
  const int lane_;
  const Clock& clock_;
  JsonEncoder encoder_;
  std::string head_;  // of each record's line
  std::string text_;  // lines not handed on yet
  int64_t records_ = 0, bytes_ = 0;
};

class RecordLoad : public Load {
 public:
  RecordLoad(ProtocolOutput& output, StreamStatusMessages& statuses, const Clock& clock,
             CommitListener& listener)
      : output_(output), statuses_(statuses), clock_(clock), listener_(listener) {}

  Result<std::unique_ptr<StreamWriter>> OpenWriter(const ConfiguredStream& stream,
                                                   const SchemaPtr& schema, int lane) override {
    MR_ASSIGN_OR_RETURN(auto encoder, JsonEncoder::Make(schema));
    statuses_.Start(stream.descriptor());
    return std::unique_ptr<StreamWriter>(std::make_unique<RecordWriter>(
        output_, stream.descriptor(), lane, clock_, std::move(encoder)));
  }

  Status Commit(const Checkpoint& checkpoint, std::vector<StagedParts>) override {
    listener_.Committed(checkpoint.id);
    return Status::Ok();
  }
  Status FinishStream(const StreamDescriptor&, StreamStatus) override { return Status::Ok(); }
  /// Whoever runs it has what it was sent.
  bool HasCommitsOf(const StreamDescriptor&) const override { return true; }
  Status Close() override { return Status::Ok(); }

 private:
  ProtocolOutput& output_;
  StreamStatusMessages& statuses_;
  const Clock& clock_;
  CommitListener& listener_;
};

}  // namespace

Result<std::unique_ptr<Load>> RecordDestination::OpenLoad(const ConfiguredCatalog&,
                                                          const LoadContext& context,
                                                          CommitListener& listener) {
  const Clock& clock = context.clock != nullptr ? *context.clock : Clock::System();
  return std::unique_ptr<Load>(std::make_unique<RecordLoad>(output_, statuses_, clock, listener));
}

}  // namespace millrace
