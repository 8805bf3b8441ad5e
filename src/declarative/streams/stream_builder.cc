#include "declarative/streams/stream_builder.h"

#include <utility>

#include "declarative/records/schema_loader.h"
#include "declarative/slices/state_delegation.h"

namespace millrace {
namespace {

/// A parent as its children's router reads it.
class BuiltParent final : public ParentStream {
 public:
  /// `slices_max`: no more of it are read; 0: all.
  BuiltParent(std::unique_ptr<DeclarativeStream> stream, int slices_max)
      : stream_(std::move(stream)), slices_max_(slices_max) {}

  const std::string& name() const override { return stream_->name(); }
  StreamCursor& cursor() override { return stream_->cursor(); }
  Status Slices(const StreamSlicer::SliceSink& sink, std::stop_token stop) override {
    if (slices_max_ == 0) return stream_->slicer().Slices(sink, std::move(stop));
    int slices = 0;
    return stream_->slicer().Slices(
        [&](StreamSlice slice) { return sink(std::move(slice)) && ++slices < slices_max_; },
        std::move(stop));
  }
  Status ReadSlice(const StreamSlice& slice, const RecordSink& sink,
                   std::stop_token stop) override {
    SinkConsumer consumer(sink);
    return stream_->ReadSlice(slice, consumer, std::move(stop));
  }

 private:
  class SinkConsumer final : public RecordConsumer {
   public:
    explicit SinkConsumer(const RecordSink& sink) : sink_(sink) {}
    Status Take(DeclarativeRecord record) override {
      wants_more_ = sink_(std::move(record));
      return Status::Ok();
    }
    bool wants_more() const override { return wants_more_; }

   private:
    const RecordSink& sink_;
    bool wants_more_ = true;
  };

  const std::unique_ptr<DeclarativeStream> stream_;
  const int slices_max_;
};

/// Hands records on as values.
class ValueConsumer final : public RecordConsumer {
 public:
  explicit ValueConsumer(const std::function<Result<bool>(PyValue)>& record) : record_(record) {}
  Status Take(DeclarativeRecord record) override {
    MR_ASSIGN_OR_RETURN(wants_more_, record_(std::move(record.data)));
    return Status::Ok();
  }
  bool wants_more() const override { return wants_more_; }

 private:
  const std::function<Result<bool>(PyValue)>& record_;
  bool wants_more_ = true;
};

/// "id", ["id", "part"] or [["id"], ["part"]].
Result<std::vector<std::string>> PrimaryKeyOf(const Component& stream) {
  const PyValue* field = stream.Field("primary_key");
  std::vector<std::string> keys;
  if (field == nullptr) return keys;
  if (field->is_str()) {
    if (!field->str().empty()) keys.push_back(field->str());
    return keys;
  }
  if (!field->is_list()) return stream.FieldError("primary_key", "a name or a list is expected");
  for (const PyValue& item : field->items()) {
    const PyValue* key = &item;
    if (item.is_list()) {
      if (item.items().size() != 1) {
        return stream.FieldError("primary_key", "keys within objects are not supported");
      }
      key = &item.items().front();
    }
    if (!key->is_str()) return stream.FieldError("primary_key", "a list of names is expected");
    keys.push_back(key->str());
  }
  return keys;
}

}  // namespace

StreamBuilder::StreamBuilder(
    const EngineEnvironment& environment, ApiResources& resources, AsyncJobBudget& jobs,
    std::map<std::string, PyValue> states,
    std::optional<std::map<std::string, ConfiguredDeclarativeStream>> catalog)
    : environment_(environment),
      resources_(resources),
      jobs_(jobs),
      states_(std::move(states)),
      catalog_(std::move(catalog)) {}

StreamSlicing StreamBuilder::SlicingFor(const std::string& name, PyValue state) {
  StreamSlicing slicing;
  slicing.stream = name;
  slicing.state = std::move(state);
  if (catalog_) {
    if (const auto found = catalog_->find(name); found != catalog_->end()) {
      slicing.configured_cursor = found->second.cursor_field;
    }
  }
  slicing.make_parent = [this](const Component& parent, PyValue parent_state) {
    return BuildParent(parent, std::move(parent_state));
  };
  slicing.environment = &environment_;
  return slicing;
}

Result<std::unique_ptr<DeclarativeStream>> StreamBuilder::Build(const Component& stream) {
  MR_ASSIGN_OR_RETURN(const std::string name, stream.TextOr("name", ""));
  const auto state = states_.find(name);
  const bool in_catalog = !catalog_ || catalog_->contains(name);
  return BuildWithState(stream, state == states_.end() ? PyValue(PyDict()) : state->second,
                        in_catalog);
}

Result<std::unique_ptr<ParentStream>> StreamBuilder::BuildParent(const Component& stream,
                                                                 PyValue state) {
  ++parents_;
  auto built = BuildWithState(stream, std::move(state), /*in_catalog=*/false);
  --parents_;
  MR_RETURN_IF_ERROR(built.status());
  return std::make_unique<BuiltParent>(*std::move(built), environment_.slices_max);
}

Result<std::unique_ptr<DeclarativeStream>> StreamBuilder::BuildWithState(const Component& stream,
                                                                         PyValue state,
                                                                         bool in_catalog) {
  MR_ASSIGN_OR_RETURN(const std::string name, stream.TextOr("name", ""));
  StreamSlicing slicing = SlicingFor(name, std::move(state));
  if (stream.type() == "StateDelegatingStream") {
    MR_ASSIGN_OR_RETURN(const StateDelegation chosen, DelegateByState(stream, slicing, in_catalog));
    MR_ASSIGN_OR_RETURN(
        auto built,
        BuildWithState(chosen.stream, chosen.state_is_forgotten ? PyValue(PyDict()) : slicing.state,
                       in_catalog));
    if (chosen.state_is_forgotten) built->ForgetState();
    return built;
  }
  if (stream.type() != "DeclarativeStream") return stream.UnknownType("stream");
  DeclarativeStream::Parts parts;
  parts.name = name;
  MR_ASSIGN_OR_RETURN(parts.primary_key, PrimaryKeyOf(stream));
  MR_ASSIGN_OR_RETURN(slicing.state, MigratedState(stream, slicing));
  MR_ASSIGN_OR_RETURN(parts.cursor, MakeStreamCursor(stream, slicing));
  MR_ASSIGN_OR_RETURN(parts.schema, BuildSchema(stream));
  RetrieverUse use;
  use.stream = name;
  use.schema = parts.schema;
  use.owner = &stream;
  use.cursor = parts.cursor.get();
  use.slicer = parts.cursor.get();
  use.has_state = !slicing.state.dict().empty();
  MR_ASSIGN_OR_RETURN(use.incremental, stream.ChildIf("incremental_sync"));
  if (stream.Has("file_uploader")) {
    return stream.FieldError("file_uploader", "this version can't copy files");
  }
  MR_ASSIGN_OR_RETURN(const Component retriever, stream.Child("retriever"));
  MR_ASSIGN_OR_RETURN(parts.retriever, BuildRetriever(retriever, use, &parts.slicer));
  return std::make_unique<DeclarativeStream>(std::move(parts));
}

Result<ComponentsRetriever> StreamBuilder::BuildComponentsRetriever(const Component& retriever,
                                                                    const std::string& name) {
  ComponentsRetriever built;
  MR_ASSIGN_OR_RETURN(built.slicer,
                      MakePartitionRouter(retriever, SlicingFor(name, PyValue(PyDict()))));
  RetrieverUse use;
  use.stream = name;
  use.slicer = built.slicer.get();
  std::unique_ptr<StreamSlicer> own;
  MR_ASSIGN_OR_RETURN(built.retriever, BuildRetriever(retriever, use, &own));
  return built;
}

Result<ReadOtherRecords> StreamBuilder::BuildOtherReader(const Component& retriever,
                                                         std::string_view name) {
  const PyValue node = retriever.node().DeepCopy();
  if (const PyValue* requester = node.Find("requester"); requester && requester->is_dict()) {
    requester->mutable_dict().Set("use_cache", true);
  }
  ++others_;
  auto built = BuildComponentsRetriever(Component(node, retriever.path()), std::string(name));
  --others_;
  MR_RETURN_IF_ERROR(built.status());
  const auto shared = std::make_shared<ComponentsRetriever>(*std::move(built));
  return ReadOtherRecords(
      [shared](const PyValue& partition, const auto& record, std::stop_token stop) {
        StreamSlice slice;
        if (partition.is_dict()) slice.partition = partition;
        ValueConsumer consumer(record);
        return shared->retriever->ReadRecords(slice, consumer, std::move(stop));
      });
}

Result<std::shared_ptr<StreamSchema>> StreamBuilder::BuildSchema(const Component& stream) {
  SchemaLoaderParts parts;
  parts.make_reader = OtherReaderMaker();
  MR_ASSIGN_OR_RETURN(auto loader, MakeSchemaLoader(stream, environment_, parts));
  return std::make_shared<StreamSchema>(std::move(loader));
}

MakeOtherReader StreamBuilder::OtherReaderMaker() {
  return [this](const Component& retriever, std::string_view name) {
    return BuildOtherReader(retriever, name);
  };
}

}  // namespace millrace
