// How StreamBuilder makes retrievers.
#include "declarative/records/record_selector.h"
#include "declarative/requests/http_requester.h"
#include "declarative/requests/iso_duration.h"
#include "declarative/requests/response_decoder.h"
#include "declarative/streams/simple_retriever.h"
#include "declarative/streams/stream_builder.h"

namespace millrace {
namespace {

/// Whether a response filter of the error handler, or of one within it, has that action.
bool UsesAction(const PyValue& node, std::string_view action) {
  if (node.is_list()) {
    for (const PyValue& item : node.items()) {
      if (UsesAction(item, action)) return true;
    }
    return false;
  }
  if (!node.is_dict()) return false;
  const PyValue* said = node.Find("action");
  if (said != nullptr && said->is_str() && said->str() == action) return true;
  for (const std::string_view inner : {"error_handlers", "response_filters"}) {
    if (const PyValue* found = node.Find(inner); found != nullptr && UsesAction(*found, action)) {
      return true;
    }
  }
  return false;
}

/// An action of the requester's error handler needs a part of the retriever that does it.
Status CheckAction(const Component& retriever, const Component& requester, std::string_view action,
                   std::string_view part) {
  const PyValue* handler = requester.Field("error_handler");
  if (handler == nullptr || !UsesAction(*handler, action) || retriever.Has(part)) {
    return Status::Ok();
  }
  return retriever.Error(
      fmt::format("a response filter has the action {}, and there is no {}", action, part));
}

Result<bool> IsSet(const std::optional<Component>& incremental, std::string_view flag) {
  return incremental ? incremental->BoolOr(flag, false) : Result<bool>(false);
}

Status AddPageSizeReduction(const Component& retriever, const Component& requester,
                            SimpleRetriever::Parts* parts) {
  MR_RETURN_IF_ERROR(CheckAction(retriever, requester, "REDUCE_PAGE_SIZE", "page_size_reduction"));
  MR_ASSIGN_OR_RETURN(const auto reduction, retriever.ChildIf("page_size_reduction"));
  if (!reduction) return Status::Ok();
  MR_ASSIGN_OR_RETURN(const auto paginator, retriever.ChildIf("paginator"));
  if (parts->properties) {
    return reduction->Error("it can't be used together with query properties");
  }
  if (!paginator || paginator->type() != "DefaultPaginator" ||
      !paginator->Has("page_size_option")) {
    return reduction->Error("it needs a DefaultPaginator with a page_size_option");
  }
  MR_ASSIGN_OR_RETURN(const Component strategy, paginator->Child("pagination_strategy"));
  if (strategy.type() == "PageIncrement") {
    return reduction->Error(
        "pages that are counted (PageIncrement) can't get smaller: the next one would begin "
        "elsewhere");
  }
  MR_ASSIGN_OR_RETURN(const auto token, paginator->ChildIf("page_token_option"));
  if (token && token->type() == "RequestPath") {
    return reduction->Error("a page that is addressed by its URL (RequestPath) can't get smaller");
  }
  MR_ASSIGN_OR_RETURN(parts->page_size_reduction, PageSizeReduction::Make(*reduction));
  return Status::Ok();
}

Status AddWindowSplitting(const Component& retriever, const Component& requester,
                          const std::optional<Component>& incremental,
                          SimpleRetriever::Parts* parts) {
  MR_RETURN_IF_ERROR(
      CheckAction(retriever, requester, "SPLIT_REQUEST_WINDOW", "request_window_splitting"));
  MR_ASSIGN_OR_RETURN(const auto splitting, retriever.ChildIf("request_window_splitting"));
  if (!splitting) return Status::Ok();
  if (!incremental || incremental->type() != "DatetimeBasedCursor" ||
      !incremental->Has("cursor_granularity")) {
    return splitting->Error("it needs a DatetimeBasedCursor with a cursor_granularity");
  }
  MR_ASSIGN_OR_RETURN(const bool filters, IsSet(incremental, "is_client_side_incremental"));
  if (filters || parts->properties) {
    return splitting->Error(
        "it can't be used together with is_client_side_incremental or query properties");
  }
  parts->splits_windows = true;
  MR_ASSIGN_OR_RETURN(parts->window_failure_message, splitting->TextOr("failure_message", ""));
  MR_ASSIGN_OR_RETURN(const std::string smallest, splitting->TextOr("min_split_window", ""));
  if (!smallest.empty()) {
    const auto parsed = ParseIsoDuration(smallest);
    if (!parsed) return splitting->FieldError("min_split_window", "no duration (PT1H, P1D, …)");
    parts->smallest_window = parsed->span;
  }
  return Status::Ok();
}

Status AddPaginationReset(const Component& retriever, SimpleRetriever::Parts* parts) {
  MR_ASSIGN_OR_RETURN(const auto reset, retriever.ChildIf("pagination_reset"));
  if (!reset) return Status::Ok();
  MR_ASSIGN_OR_RETURN(const std::string action, reset->Text("action"));
  parts->reset_narrows_window = action == "SPLIT_USING_CURSOR" && parts->cursor != nullptr &&
                                !parts->cursor->cursor_field().empty();
  MR_ASSIGN_OR_RETURN(const auto limits, reset->ChildIf("limits"));
  if (limits) {
    MR_ASSIGN_OR_RETURN(parts->records_before_reset, limits->IntOr("number_of_records", 0));
  }
  MR_ASSIGN_OR_RETURN(const Component selector, retriever.Child("record_selector"));
  if (parts->records_before_reset > 0 && selector.Has("record_filter")) {
    return reset->Error("limits can't be counted where there is a record_filter");
  }
  return Status::Ok();
}

Result<std::unique_ptr<ResponseDecoder>> DecoderOf(const std::optional<Component>& component,
                                                   const EngineEnvironment& environment) {
  if (!component) return MakeJsonDecoder();
  return MakeResponseDecoder(*component, environment);
}

/// Whether what a decoder makes of a reply can be asked for the next page.
bool Paginates(const Component& decoder) {
  if (decoder.type() == "JsonDecoder" || decoder.type() == "XmlDecoder") return true;
  const auto inner = decoder.ChildIf("decoder");
  return decoder.type() == "GzipDecoder" && inner.ok() && *inner &&
         ((*inner)->type() == "JsonDecoder" || (*inner)->type() == "GzipDecoder") &&
         Paginates(**inner);
}

/// Whether the slices of this retriever come with their first page, out of the parent's record.
Result<bool> ReadsParentLazily(const Component& retriever) {
  const PyValue* router = retriever.Field("partition_router");
  if (router == nullptr || !router->is_dict()) return false;
  MR_ASSIGN_OR_RETURN(const Component substream, retriever.Child("partition_router"));
  if (substream.type() != "SubstreamPartitionRouter") return false;
  MR_ASSIGN_OR_RETURN(const auto parents, substream.Children("parent_stream_configs"));
  for (const Component& parent : parents) {
    const PyValue* pointer = parent.Field("lazy_read_pointer");
    if (pointer != nullptr && pointer->is_list() && !pointer->items().empty()) return true;
  }
  return false;
}

}  // namespace

Result<std::unique_ptr<Retriever>> StreamBuilder::BuildRetriever(
    const Component& retriever, const RetrieverUse& use, std::unique_ptr<StreamSlicer>* slicer) {
  if (retriever.type() == "SimpleRetriever") return BuildSimpleRetriever(retriever, use);
  if (retriever.type() == "AsyncRetriever") return BuildAsyncRetriever(retriever, use, slicer);
  return retriever.UnknownType("retriever");
}

ExchangePurpose StreamBuilder::PurposeOf(const std::string& stream, std::string type) const {
  ExchangePurpose purpose;
  purpose.stream = stream;
  purpose.type = std::move(type);
  purpose.title = fmt::format("Stream '{}' request", stream);
  purpose.description = fmt::format("Reads records of {}", stream);
  purpose.auxiliary = purpose.type != "HTTP" || parents_ > 0 || others_ > 0;
  if (purpose.type != "HTTP") {
    purpose.title = fmt::format("Async job of stream '{}'", stream);
    purpose.description = "Makes a job on the API's side, looks after it, or ends it";
  }
  if (others_ > 0) {
    purpose.title = fmt::format("Schema or nested records of '{}'", stream);
    purpose.description = "Reads what the records of a stream are described or completed by";
  }
  if (parents_ > 0) {
    purpose.title = "Parent stream: " + purpose.title;
    purpose.type = "PARENT_STREAM";
  }
  return purpose;
}

Result<std::unique_ptr<Requester>> StreamBuilder::BuildRequester(
    const Component& requester, const std::string& name, const ResponseDecoder& decoder,
    ExchangePurpose purpose, std::string query_properties_parameter) {
  if (requester.type() != "HttpRequester") return requester.UnknownType("requester");
  HttpRequesterOptions options;
  options.resources = &resources_;
  options.name = name;
  options.stream_response = decoder.streams();
  options.query_properties_key = std::move(query_properties_parameter);
  options.purpose = std::move(purpose);
  return MakeHttpRequester(requester, environment_, std::move(options));
}

Result<std::unique_ptr<RecordSelector>> StreamBuilder::BuildSelector(const Component& retriever,
                                                                     const RetrieverUse& use,
                                                                     bool filters) {
  MR_ASSIGN_OR_RETURN(const Component selector, retriever.Child("record_selector"));
  RecordTransformations transformations;
  if (use.owner != nullptr) {
    MR_ASSIGN_OR_RETURN(transformations,
                        MakeRecordTransformations(*use.owner, "transformations", environment_));
  }
  return RecordSelector::Make(selector, std::move(transformations), filters, environment_,
                              OtherReaderMaker());
}

Result<std::unique_ptr<QueryProperties>> StreamBuilder::BuildQueryProperties(
    const std::string& stream, const Component& requester, std::string* parameter) {
  std::optional<Component> found;
  const PyValue* params = requester.Field("request_parameters");
  const PyDict none;
  for (const auto& [name, value] : params != nullptr && params->is_dict() ? params->dict() : none) {
    const PyValue* type = value.Find("type");
    if (type == nullptr || !type->is_str() || type->str() != "QueryProperties") continue;
    if (found) {
      return requester.FieldError("request_parameters", "only one may be a QueryProperties");
    }
    found = Component(value, requester.path() + ".request_parameters." + name.str());
    *parameter = name.str();
  }
  if (found && requester.Has("fetch_properties_from_endpoint")) {
    return requester.FieldError("fetch_properties_from_endpoint",
                                "request_parameters has query properties already");
  }
  for (const std::string_view field : {"fetch_properties_from_endpoint", "query_properties"}) {
    if (found) break;
    MR_ASSIGN_OR_RETURN(found, requester.ChildIf(field));
  }
  if (!found) return std::unique_ptr<QueryProperties>();
  std::optional<PyValue> selected;
  if (catalog_) {
    if (const auto of = catalog_->find(stream); of != catalog_->end()) {
      selected = of->second.properties;
    }
  }
  return QueryProperties::Make(
      *found, environment_, selected,
      [this](const Component& component) -> Result<std::unique_ptr<Retriever>> {
        const PyValue node = component.node().DeepCopy();
        if (const PyValue* asks = node.Find("requester"); asks != nullptr && asks->is_dict()) {
          asks->mutable_dict().Set("use_cache", true);
        }
        RetrieverUse use;
        use.stream = "dynamic_properties";
        std::unique_ptr<StreamSlicer> slicer;
        ++others_;
        auto built = BuildRetriever(Component(node, component.path()), use, &slicer);
        --others_;
        return built;
      });
}

Result<std::unique_ptr<Retriever>> StreamBuilder::BuildSimpleRetriever(const Component& retriever,
                                                                       const RetrieverUse& use) {
  SimpleRetriever::Parts parts;
  parts.stream = use.stream;
  parts.cursor = use.cursor;
  MR_ASSIGN_OR_RETURN(parts.is_data_feed, IsSet(use.incremental, "is_data_feed"));
  MR_ASSIGN_OR_RETURN(const bool filters, IsSet(use.incremental, "is_client_side_incremental"));

  MR_ASSIGN_OR_RETURN(const auto decoder, retriever.ChildIf("decoder"));
  MR_ASSIGN_OR_RETURN(parts.decoder, DecoderOf(decoder, environment_));
  parts.filters_by_cursor = filters && !parts.is_data_feed && use.cursor != nullptr;
  parts.schema = use.schema;
  MR_ASSIGN_OR_RETURN(parts.selector, BuildSelector(retriever, use, filters));

  MR_ASSIGN_OR_RETURN(const Component requester, retriever.Child("requester"));
  std::string parameter;
  MR_ASSIGN_OR_RETURN(parts.properties, BuildQueryProperties(use.stream, requester, &parameter));
  MR_ASSIGN_OR_RETURN(parts.requester, BuildRequester(requester, use.stream, *parts.decoder,
                                                      PurposeOf(use.stream), parameter));

  MR_ASSIGN_OR_RETURN(const auto paginator, retriever.ChildIf("paginator"));
  if (paginator && paginator->type() == "DefaultPaginator" && decoder && !Paginates(*decoder)) {
    return retriever.FieldError(
        "decoder", "pages can be followed in JSON and XML only (gzip around JSON included)");
  }
  MR_ASSIGN_OR_RETURN(parts.paginator,
                      Paginator::Make(paginator ? &*paginator : nullptr, environment_));
  if (use.slicer != nullptr) {
    parts.slice_options = [slicer = use.slicer](const StreamSlice& slice) {
      return slicer->OptionsFor(slice);
    };
  }
  MR_ASSIGN_OR_RETURN(
      parts.slice_options_on_first_page_only,
      retriever.BoolOr("ignore_stream_slicer_parameters_on_paginated_requests", false));
  MR_ASSIGN_OR_RETURN(const bool lazy, ReadsParentLazily(retriever));
  if (lazy && (retriever.Has("page_size_reduction") || retriever.Has("request_window_splitting"))) {
    return retriever.Error("what is read out of a parent's record can't get smaller");
  }
  parts.first_page_from_parent = lazy && !use.has_state;
  MR_RETURN_IF_ERROR(AddPageSizeReduction(retriever, requester, &parts));
  MR_RETURN_IF_ERROR(AddWindowSplitting(retriever, requester, use.incremental, &parts));
  MR_RETURN_IF_ERROR(AddPaginationReset(retriever, &parts));
  return std::make_unique<SimpleRetriever>(std::move(parts), environment_);
}

}  // namespace millrace
