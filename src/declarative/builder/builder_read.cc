#include "declarative/builder/builder_read.h"

#include <algorithm>

#include "declarative/records/raw_records.h"
#include "declarative/records/record_json.h"

namespace millrace {
namespace {

Json AsJson(const PyValue& value, size_t* bytes = nullptr) {
  std::string text;
  AppendRecordJson(value, &text);
  if (bytes != nullptr) *bytes = text.size();
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  return json.is_discarded() ? Json() : json;
}

/// What a slice is called: its partition and its window.
Json DescriptorOf(const StreamSlice& slice) {
  PyDict keys = slice.partition.dict();
  for (const auto& [key, value] : slice.cursor_slice.dict()) keys.Set(key, value);
  return AsJson(PyValue(std::move(keys)));
}

Json StateOf(const std::string& stream, const PyValue& state) {
  return {{"type", "STREAM"},
          {"stream",
           {{"stream_descriptor", {{"name", stream}, {"namespace", nullptr}}},
            {"stream_state", AsJson(state)}}}};
}

Error ErrorIn(const Status& status) {
  if (status.failed()) return status.error();
  return {FailureType::kSystemError, status.ToString(), {}, {}};
}

/// Takes the records of one slice.
class JournalConsumer final : public RecordConsumer {
 public:
  JournalConsumer(const DeclarativeStream& stream, const StreamSlice& slice, ReadJournal& journal)
      : stream_(stream), slice_(slice), journal_(journal) {}

  Status Take(DeclarativeRecord record) override {
    MR_RETURN_IF_ERROR(stream_.cursor().Observe(slice_, record));
    MR_ASSIGN_OR_RETURN(const PyValue whole, WholeRecord(record));
    size_t bytes = 0;
    Json json = AsJson(whole, &bytes);
    if (json.is_object()) journal_.Record(std::move(json), bytes);
    return Status::Ok();
  }
  bool wants_more() const override { return journal_.WantsMore(); }

 private:
  const DeclarativeStream& stream_;
  const StreamSlice& slice_;
  ReadJournal& journal_;
};

Status TellState(const DeclarativeStream& stream, ReadJournal& journal) {
  MR_ASSIGN_OR_RETURN(const PyValue state, stream.cursor().State());
  journal.State(StateOf(stream.name(), state));
  return Status::Ok();
}

Status ReadOneSlice(const DeclarativeStream& stream, const StreamSlice& slice, ReadJournal& journal,
                    const std::stop_token& stop) {
  journal.SliceStarted(DescriptorOf(slice));
  JournalConsumer consumer(stream, slice, journal);
  MR_RETURN_IF_ERROR(stream.ReadSlice(slice, consumer, stop));
  MR_RETURN_IF_ERROR(stream.cursor().CloseSlice(slice));
  return stream.cursor().WantsStateEmitted() ? TellState(stream, journal) : Status::Ok();
}

/// False: something failed, which the journal was told.
bool Tell(const Status& status, ReadJournal& journal) {
  if (!status.ok() && !status.canceled()) journal.Failed(ErrorIn(status));
  return status.ok();
}

void ReadSlices(const DeclarativeStream& stream, int slices_max, ReadJournal& journal,
                const std::stop_token& stop) {
  std::vector<StreamSlice> slices;
  bool complete = Tell(stream.slicer().Slices(
                           [&](StreamSlice slice) {
                             slices.push_back(std::move(slice));
                             return std::cmp_less(slices.size(), slices_max);
                           },
                           stop),
                       journal);
  for (const StreamSlice& slice : slices) {
    if (stop.stop_requested() || !journal.WantsMore()) break;
    complete = Tell(ReadOneSlice(stream, slice, journal, stop), journal) && complete;
  }
  Status ended = stream.cursor().Finish(complete && !stop.stop_requested());
  if (ended.ok()) ended = TellState(stream, journal);
  Tell(ended, journal);
}

}  // namespace

Result<std::vector<std::string>> ReadForBuilder(DeclarativeEngine& engine,
                                                const DeclarativeRead& read,
                                                const BuilderReadLimits& limits,
                                                ReadJournal& journal, std::stop_token stop) {
  MR_ASSIGN_OR_RETURN(const auto all, engine.BuildFor(read, stop));
  const std::string& name = read.streams.front();
  // Of several streams of one name the last counts, as in every read.
  const auto found = std::find_if(all.rbegin(), all.rend(),
                                  [&](const auto& stream) { return stream->name() == name; });
  if (found == all.rend()) {
    std::string names;
    for (const auto& stream : all) names += (names.empty() ? "" : ", ") + stream->name();
    return ConfigError("streamName: the manifest has no stream {}; it has {}", name, names);
  }
  const DeclarativeStream& stream = **found;
  ReadSlices(stream, limits.slices, journal, stop);
  std::vector<std::string> required = stream.primary_key();
  if (const std::string_view cursor = stream.cursor().cursor_field(); !cursor.empty()) {
    required.emplace_back(cursor);
  }
  return required;
}

}  // namespace millrace
