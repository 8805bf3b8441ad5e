// How StreamBuilder makes asynchronous retrievers.
#include "declarative/jinja/py_operators.h"
#include "declarative/streams/async_job_slicer.h"
#include "declarative/streams/async_retriever.h"
#include "declarative/streams/simple_retriever.h"
#include "declarative/streams/stream_builder.h"

namespace millrace {
namespace {

constexpr int64_t kTimeoutMinutes = 60;

/// AsyncJobStatusMap: the API's words for each status.
Result<std::map<std::string, AsyncJobStatus>> StatusesOf(const Component& mapping) {
  constexpr std::pair<std::string_view, AsyncJobStatus> kStatuses[] = {
      {"running", AsyncJobStatus::kRunning}, {"completed", AsyncJobStatus::kCompleted},
      {"failed", AsyncJobStatus::kFailed},   {"timeout", AsyncJobStatus::kTimedOut},
      {"skipped", AsyncJobStatus::kSkipped},
  };
  std::map<std::string, AsyncJobStatus> statuses;
  for (const auto& [field, status] : kStatuses) {
    if (!mapping.Has(field) && status != AsyncJobStatus::kSkipped) {
      return mapping.FieldError(field, "a list of the API's words is expected, maybe empty");
    }
    MR_ASSIGN_OR_RETURN(const auto words, mapping.TextList(field));
    for (const std::string& word : words) {
      if (!statuses.emplace(word, status).second) {
        return mapping.FieldError(field, fmt::format("'{}' stands there twice", word));
      }
    }
  }
  return statuses;
}

/// A whole number, maybe by a template; none when the field is missing.
Result<std::optional<int64_t>> WholeNumber(const Component& component, std::string_view field,
                                           const EngineEnvironment& environment) {
  if (!component.Has(field)) return std::optional<int64_t>();
  MR_ASSIGN_OR_RETURN(const InterpolatedString text, component.Template(field));
  const InterpolationContext context(*environment.clock, environment.config);
  MR_ASSIGN_OR_RETURN(const PyValue value, text.Evaluate(context));
  if (!value.is_int()) {
    return component.FieldError(field, fmt::format("{} is no whole number", PyRepr(value)));
  }
  return std::optional<int64_t>(value.as_int());
}

Result<std::unique_ptr<ResponseDecoder>> DecoderIn(const Component& retriever,
                                                   std::string_view field,
                                                   const EngineEnvironment& environment) {
  MR_ASSIGN_OR_RETURN(const auto component, retriever.ChildIf(field));
  if (!component) return MakeJsonDecoder();
  return MakeResponseDecoder(*component, environment);
}

}  // namespace

Result<std::unique_ptr<Retriever>> StreamBuilder::BuildDownload(const Component& retriever,
                                                                const std::string& stream) {
  SimpleRetriever::Parts parts;
  parts.stream = stream;
  MR_ASSIGN_OR_RETURN(parts.decoder, DecoderIn(retriever, "download_decoder", environment_));
  MR_ASSIGN_OR_RETURN(const auto extractor, retriever.ChildIf("download_extractor"));
  RecordSelector::Parts selecting;
  const Component whole(
      PyValue(PyDict{{"type", "DpathExtractor"}, {"field_path", PyValue::List()}}),
      retriever.path() + ".download_extractor");
  MR_ASSIGN_OR_RETURN(selecting.extractor, MakeRecordExtractor(extractor ? *extractor : whole,
                                                               environment_, OtherReaderMaker()));
  parts.selector = std::make_unique<RecordSelector>(std::move(selecting), environment_);
  MR_ASSIGN_OR_RETURN(const auto paginator, retriever.ChildIf("download_paginator"));
  MR_ASSIGN_OR_RETURN(parts.paginator,
                      Paginator::Make(paginator ? &*paginator : nullptr, environment_));
  MR_ASSIGN_OR_RETURN(const Component requester, retriever.Child("download_requester"));
  MR_ASSIGN_OR_RETURN(parts.requester, BuildRequester(requester, "job download - " + stream,
                                                      *parts.decoder, PurposeOf(stream)));
  return std::make_unique<SimpleRetriever>(std::move(parts), environment_);
}

Result<std::unique_ptr<Retriever>> StreamBuilder::BuildAsyncRetriever(
    const Component& retriever, const RetrieverUse& use, std::unique_ptr<StreamSlicer>* slicer) {
  if (use.slicer == nullptr) return retriever.Error("jobs need slices: it can't be used here");
  if (retriever.Has("download_target_requester") && !retriever.Has("download_target_extractor")) {
    return retriever.FieldError("download_target_requester",
                                "it needs a download_target_extractor");
  }
  AsyncJobRequests::Parts parts;
  parts.stream = use.stream;
  MR_ASSIGN_OR_RETURN(parts.decoder, DecoderIn(retriever, "decoder", environment_));
  const struct {
    std::string_view field, what, type;
    std::unique_ptr<Requester>& requester;
    bool needed;
  } requesters[] = {
      {"creation_requester", "creation", "ASYNC_CREATE", parts.create, true},
      {"polling_requester", "polling", "ASYNC_POLL", parts.poll, true},
      {"download_target_requester", "extract_url", "ASYNC_POLL", parts.targets, false},
      {"abort_requester", "abort", "ASYNC_ABORT", parts.abort, false},
      {"delete_requester", "delete", "ASYNC_DELETE", parts.forget, false},
  };
  for (const auto& [field, what, type, requester, needed] : requesters) {
    MR_ASSIGN_OR_RETURN(const auto component, retriever.ChildIf(field));
    if (!component && needed) return retriever.FieldError(field, "it is missing");
    if (!component) continue;
    MR_ASSIGN_OR_RETURN(requester,
                        BuildRequester(*component, fmt::format("job {} - {}", what, use.stream),
                                       *parts.decoder, PurposeOf(use.stream, std::string(type))));
  }
  MR_ASSIGN_OR_RETURN(const Component status, retriever.Child("status_extractor"));
  MR_ASSIGN_OR_RETURN(parts.status_extractor,
                      MakeRecordExtractor(status, environment_, OtherReaderMaker()));
  MR_ASSIGN_OR_RETURN(const auto targets, retriever.ChildIf("download_target_extractor"));
  if (targets) {
    MR_ASSIGN_OR_RETURN(parts.target_extractor,
                        MakeRecordExtractor(*targets, environment_, OtherReaderMaker()));
  }
  MR_ASSIGN_OR_RETURN(const Component mapping, retriever.Child("status_mapping"));
  MR_ASSIGN_OR_RETURN(parts.statuses, StatusesOf(mapping));
  MR_ASSIGN_OR_RETURN(const auto minutes,
                      WholeNumber(retriever, "polling_job_timeout", environment_));
  parts.timeout = std::chrono::minutes(minutes.value_or(kTimeoutMinutes));
  MR_ASSIGN_OR_RETURN(const auto wait,
                      WholeNumber(retriever, "failed_retry_wait_time_in_seconds", environment_));
  std::optional<std::chrono::seconds> retry_wait;
  if (wait) retry_wait = std::chrono::seconds(*wait);

  auto jobs = std::make_unique<AsyncJobSlicer>(
      *use.slicer, std::make_unique<AsyncJobRequests>(std::move(parts), environment_), jobs_,
      retry_wait, environment_);
  MR_ASSIGN_OR_RETURN(auto download, BuildDownload(retriever, use.stream));
  MR_ASSIGN_OR_RETURN(auto selector, BuildSelector(retriever, use, /*filters=*/false));
  AsyncJobSlicer& made = *jobs;
  *slicer = std::move(jobs);
  return std::make_unique<AsyncRetriever>(made, std::move(download), std::move(selector),
                                          environment_);
}

}  // namespace millrace
