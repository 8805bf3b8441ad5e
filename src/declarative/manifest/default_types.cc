#include "declarative/manifest/default_types.h"

#include <algorithm>
#include <iterator>

namespace millrace {
namespace {

struct PlaceType {
  std::string_view place, type;
};

// Each in the order of places.
constexpr PlaceType kDefaults[] = {
    {"AddFields.fields", "AddedFieldDefinition"},
    {"CompositeErrorHandler.error_handlers", "DefaultErrorHandler"},
    {"ConfigComponentsResolver.components_mapping", "ComponentMappingDefinition"},
    {"ConfigComponentsResolver.stream_config", "StreamConfig"},
    {"CursorPagination.decoder", "JsonDecoder"},
    {"CustomPartitionRouter.parent_stream_configs", "ParentStreamConfig"},
    {"DatetimeBasedCursor.end_datetime", "MinMaxDatetime"},
    {"DatetimeBasedCursor.end_time_option", "RequestOption"},
    {"DatetimeBasedCursor.start_datetime", "MinMaxDatetime"},
    {"DatetimeBasedCursor.start_time_option", "RequestOption"},
    {"DeclarativeSource.check", "CheckStream"},
    {"DeclarativeSource.spec", "Spec"},
    {"DeclarativeSource.streams", "DeclarativeStream"},
    {"DeclarativeStream.retriever", "SimpleRetriever"},
    {"DeclarativeStream.schema_loader", "JsonFileSchemaLoader"},
    {"DefaultErrorHandler.response_filters", "HttpResponseFilter"},
    {"DefaultPaginator.decoder", "JsonDecoder"},
    {"DefaultPaginator.page_size_option", "RequestOption"},
    {"DpathExtractor.decoder", "JsonDecoder"},
    {"DpathExtractor.record_expander", "RecordExpander"},
    {"DynamicDeclarativeStream.components_resolver", "ConfigComponentResolver"},
    {"DynamicDeclarativeStream.stream_template", "DeclarativeStream"},
    {"DynamicSchemaLoader.retriever", "SimpleRetriever"},
    {"HttpComponentsResolver.components_mapping", "ComponentMappingDefinition"},
    {"HttpComponentsResolver.retriever", "SimpleRetriever"},
    {"HttpRequester.error_handler", "DefaultErrorHandler"},
    {"ListPartitionRouter.request_option", "RequestOption"},
    {"ParentStreamConfig.request_option", "RequestOption"},
    {"ParentStreamConfig.stream", "DeclarativeStream"},
    {"RecordExpander.parent_fields", "ParentFieldPath"},
    {"RecordSelector.extractor", "DpathExtractor"},
    {"RecordSelector.record_filter", "RecordFilter"},
    {"SchemaTypeIdentifier.types_map", "TypesMap"},
    {"SimpleRetriever.paginator", "NoPagination"},
    {"SimpleRetriever.record_selector", "RecordSelector"},
    {"SimpleRetriever.requester", "HttpRequester"},
    {"SubstreamPartitionRouter.parent_stream_configs", "ParentStreamConfig"},
};

constexpr PlaceType kCustom[] = {
    {"CompositeErrorHandler.backoff_strategies", "CustomBackoffStrategy"},
    {"DeclarativeStream.retriever", "CustomRetriever"},
    {"DeclarativeStream.transformations", "CustomTransformation"},
    {"DefaultErrorHandler.backoff_strategies", "CustomBackoffStrategy"},
    {"DefaultPaginator.pagination_strategy", "CustomPaginationStrategy"},
    {"HttpRequester.authenticator", "CustomAuthenticator"},
    {"HttpRequester.error_handler", "CustomErrorHandler"},
    {"RecordSelector.extractor", "CustomRecordExtractor"},
    {"SimpleRetriever.partition_router", "CustomPartitionRouter"},
};

template <size_t N>
std::string_view Find(const PlaceType (&table)[N], std::string_view place) {
  const PlaceType* row = std::lower_bound(
      std::begin(table), std::end(table), place,
      [](const PlaceType& entry, std::string_view wanted) { return entry.place < wanted; });
  return row != std::end(table) && row->place == place ? row->type : std::string_view();
}

}  // namespace

std::string_view DefaultTypeOf(std::string_view place) { return Find(kDefaults, place); }
std::string_view CustomTypeOf(std::string_view place) { return Find(kCustom, place); }

}  // namespace millrace
