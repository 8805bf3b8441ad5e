#include "declarative/streams/async_retriever.h"

namespace millrace {
namespace {

/// Passes downloaded records through the stream's selector.
class DownloadConsumer final : public RecordConsumer {
 public:
  DownloadConsumer(const RecordSelector& selector, const RecordSelector::Call& call,
                   const EngineEnvironment& environment, RecordConsumer& consumer)
      : selector_(selector),
        call_(call),
        context_(environment, call.stream_slice, call.next_page_token),
        consumer_(consumer) {}

  Status Take(DeclarativeRecord record) override {
    return selector_.Process(
        std::move(record.data), call_, context_,
        [this](DeclarativeRecord selected) { return consumer_.Take(std::move(selected)); });
  }
  bool wants_more() const override { return consumer_.wants_more(); }

 private:
  const RecordSelector& selector_;
  const RecordSelector::Call& call_;
  RecordContext context_;
  RecordConsumer& consumer_;
};

}  // namespace

Status AsyncRetriever::ReadRecords(const StreamSlice& slice, RecordConsumer& consumer,
                                   std::stop_token stop) {
  const std::unique_ptr<AsyncJob> job = jobs_.TakeJob(slice);
  if (job == nullptr) {
    return SystemError("stream {}: a slice has no job", jobs_.requests().stream());
  }
  RecordSelector::Call call;
  call.stream_slice = slice.ToPyValue();
  call.stop = stop;
  DownloadConsumer selecting(*selector_, call, environment_, consumer);
  MR_ASSIGN_OR_RETURN(const PyList targets, jobs_.requests().Targets(*job, stop));
  for (const PyValue& target : targets) {
    StreamSlice part = job->slice;
    part.extra_fields = part.extra_fields.DeepCopy();
    PyDict& extra = part.extra_fields.mutable_dict();
    extra.Set("download_target", target);
    extra.Set("creation_response", job->creation_response);
    extra.Set("polling_response", job->polling_response);
    MR_RETURN_IF_ERROR(download_->ReadRecords(part, selecting, stop));
    if (!consumer.wants_more()) return Status::Ok();
  }
  return jobs_.requests().Forget(*job, std::move(stop));
}

}  // namespace millrace
