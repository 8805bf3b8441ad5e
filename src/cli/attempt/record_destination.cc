#include "cli/attempt/record_destination.h"

#include "external/record_lines.h"

namespace millrace {
namespace {

/// One lane of one stream.
class RecordWriter : public StreamWriter {
 public:
  RecordWriter(ProtocolOutput& output, const StreamDescriptor& stream, int lane, const Clock& clock,
               RecordLines lines)
      : output_(output), stream_(stream), lane_(lane), clock_(clock), lines_(std::move(lines)) {}

  Status Write(const ChangeBatch& batch) override {
    records_ += batch.num_rows();
    bytes_ += batch.num_bytes();
    return lines_.Write(batch, clock_.WallNow(), [this](std::string_view lines, int64_t) {
      return output_.WriteLines(lines);
    });
  }

  Status SetSchema(const SchemaPtr& schema) override { return lines_.SetSchema(schema); }

  Result<StagedParts> Flush() override {
    StagedParts parts{stream_, lane_, {}, records_, bytes_};
    records_ = bytes_ = 0;
    return parts;
  }

 private:
  ProtocolOutput& output_;
  const StreamDescriptor stream_;
  const int lane_;
  const Clock& clock_;
  RecordLines lines_;
  int64_t records_ = 0, bytes_ = 0;
};

class RecordLoad : public Load {
 public:
  RecordLoad(ProtocolOutput& output, StreamStatusMessages& statuses, const Clock& clock,
             CommitListener& listener)
      : output_(output), statuses_(statuses), clock_(clock), listener_(listener) {}

  Result<std::unique_ptr<StreamWriter>> OpenWriter(const ConfiguredStream& stream,
                                                   const SchemaPtr& schema, int lane) override {
    MR_ASSIGN_OR_RETURN(auto lines, RecordLines::Make(stream.descriptor(), schema));
    statuses_.Start(stream.descriptor());
    return std::unique_ptr<StreamWriter>(std::make_unique<RecordWriter>(
        output_, stream.descriptor(), lane, clock_, std::move(lines)));
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
