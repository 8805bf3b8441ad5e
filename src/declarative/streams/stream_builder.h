#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "declarative/manifest/component.h"
#include "declarative/manifest/engine_environment.h"
#include "declarative/records/record_extractor.h"
#include "declarative/records/record_selector.h"
#include "declarative/requests/api_resources.h"
#include "declarative/requests/exchange_watch.h"
#include "declarative/requests/requester.h"
#include "declarative/requests/response_decoder.h"
#include "declarative/slices/parent_stream.h"
#include "declarative/slices/stream_slicing.h"
#include "declarative/streams/async_job.h"
#include "declarative/streams/components_resolver.h"
#include "declarative/streams/declarative_stream.h"
#include "declarative/streams/query_properties.h"

namespace millrace {

/// What a sync says about one of its streams.
struct ConfiguredDeclarativeStream {
  PyValue properties = PyValue(PyDict());  ///< of the configured JSON schema
  std::string cursor_field;                ///< empty: the stream's own
};

/// Builds streams of their components: retriever, cursor and schema, parents included. Used by one
/// thread; what it built outlives it but not the environment.
class StreamBuilder {
 public:
  /// `states` by stream name. `catalog` absent: a check or discovery.
  StreamBuilder(const EngineEnvironment& environment, ApiResources& resources, AsyncJobBudget& jobs,
                std::map<std::string, PyValue> states,
                std::optional<std::map<std::string, ConfiguredDeclarativeStream>> catalog);

  /// `stream` is a DeclarativeStream or a StateDelegatingStream. Config errors name the line; a
  /// custom Python class among its parts is one.
  Result<std::unique_ptr<DeclarativeStream>> Build(const Component& stream);

  /// What a HttpComponentsResolver reads with.
  Result<ComponentsRetriever> BuildComponentsRetriever(const Component& retriever,
                                                       const std::string& name);

 private:
  /// What its stream lends a retriever.
  struct RetrieverUse {
    std::string stream;
    StreamCursor* cursor = nullptr;
    StreamSlicer* slicer = nullptr;        ///< whose options requests carry; null: nobody's
    std::shared_ptr<StreamSchema> schema;  ///< null: there is none
    const Component* owner = nullptr;      ///< the stream, which has transformations; null: none
    std::optional<Component> incremental;  ///< the stream's incremental_sync
    bool has_state = false;
  };

  StreamSlicing SlicingFor(const std::string& name, PyValue state);
  Result<std::unique_ptr<DeclarativeStream>> BuildWithState(const Component& stream, PyValue state,
                                                            bool in_catalog);
  Result<std::unique_ptr<ParentStream>> BuildParent(const Component& stream, PyValue state);
  Result<std::unique_ptr<Retriever>> BuildRetriever(const Component& retriever,
                                                    const RetrieverUse& use,
                                                    std::unique_ptr<StreamSlicer>* slicer);
  Result<std::unique_ptr<Retriever>> BuildSimpleRetriever(const Component& retriever,
                                                          const RetrieverUse& use);
  /// `*parameter`: the request parameter that takes the names; empty: templates do.
  Result<std::unique_ptr<QueryProperties>> BuildQueryProperties(const std::string& stream,
                                                                const Component& requester,
                                                                std::string* parameter);
  Result<std::unique_ptr<Requester>> BuildRequester(const Component& requester,
                                                    const std::string& name,
                                                    const ResponseDecoder& decoder,
                                                    ExchangePurpose purpose,
                                                    std::string query_properties_parameter = {});
  /// What requests of that stream are for, built where the builder stands now. `type`: HTTP, or
  /// what is done with an asynchronous job.
  ExchangePurpose PurposeOf(const std::string& stream, std::string type = "HTTP") const;
  /// `filters`: its cursor leaves out records (is_client_side_incremental).
  Result<std::unique_ptr<RecordSelector>> BuildSelector(const Component& retriever,
                                                        const RetrieverUse& use, bool filters);
  Result<std::unique_ptr<Retriever>> BuildAsyncRetriever(const Component& retriever,
                                                         const RetrieverUse& use,
                                                         std::unique_ptr<StreamSlicer>* slicer);
  Result<std::unique_ptr<Retriever>> BuildDownload(const Component& retriever,
                                                   const std::string& stream);
  Result<std::shared_ptr<StreamSchema>> BuildSchema(const Component& stream);
  Result<ReadOtherRecords> BuildOtherReader(const Component& retriever, std::string_view name);
  MakeOtherReader OtherReaderMaker();

  const EngineEnvironment& environment_;
  ApiResources& resources_;
  AsyncJobBudget& jobs_;
  const std::map<std::string, PyValue> states_;
  const std::optional<std::map<std::string, ConfiguredDeclarativeStream>> catalog_;
  int parents_ = 0;  // how many of the streams that are being built are somebody's parents
  int others_ = 0;   // and readers of schemas or nested records
};

}  // namespace millrace
