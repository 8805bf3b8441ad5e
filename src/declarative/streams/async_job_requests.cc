#include "declarative/streams/async_job_requests.h"

#include "declarative/jinja/py_json.h"
#include "declarative/jinja/py_operators.h"

namespace millrace {
namespace {

/// The slice with what is known of its job.
StreamSlice WithCreation(const AsyncJob& job) {
  StreamSlice slice = job.slice;
  slice.extra_fields = slice.extra_fields.DeepCopy();
  slice.extra_fields.mutable_dict().Set("creation_response", job.creation_response);
  return slice;
}

}  // namespace

Result<std::shared_ptr<const ApiResponse>> AsyncJobRequests::Send(Requester& requester,
                                                                  const StreamSlice& slice,
                                                                  std::stop_token stop) const {
  ApiCall call;
  call.slice = &slice;
  call.stop = std::move(stop);
  MR_ASSIGN_OR_RETURN(const ApiReply reply, requester.Send(std::move(call)));
  if (reply.outcome != ApiOutcome::kSuccess) return std::shared_ptr<const ApiResponse>();
  return reply.response;
}

Result<PyValue> AsyncJobRequests::ContextOf(const ApiResponse& response) const {
  MR_ASSIGN_OR_RETURN(const PyValue body, ParsePyJson(response.body));
  if (!body.is_dict()) {
    return SystemError("stream {}: the API's reply about a job is no JSON object", parts_.stream);
  }
  if (!body.dict().Contains("headers")) {
    body.mutable_dict().Set("headers", response.HeadersForFilters());
  }
  return body;
}

Result<PyList> AsyncJobRequests::Extract(const RecordExtractor& extractor,
                                         const ApiResponse& response, std::stop_token stop) const {
  PyList found;
  const DecodedPage page = [this, &response](const ValueSink& element) {
    return parts_.decoder->Decode(response, element);
  };
  MR_RETURN_IF_ERROR(extractor.Extract(
      page,
      [&found](PyValue value) {
        found.push_back(std::move(value));
        return Status::Ok();
      },
      std::move(stop)));
  return found;
}

Result<std::unique_ptr<AsyncJob>> AsyncJobRequests::Create(const StreamSlice& slice,
                                                           std::stop_token stop) const {
  MR_ASSIGN_OR_RETURN(const auto response, Send(*parts_.create, slice, std::move(stop)));
  if (response == nullptr) {
    return SystemError("stream {}: the API created no job", parts_.stream);
  }
  auto job = std::make_unique<AsyncJob>(slice, environment_.clock->WallNow());
  MR_ASSIGN_OR_RETURN(job->creation_response, ContextOf(*response));
  return job;
}

Status AsyncJobRequests::Poll(AsyncJob& job, std::stop_token stop) const {
  MR_ASSIGN_OR_RETURN(const auto response, Send(*parts_.poll, WithCreation(job), stop));
  if (response == nullptr) {
    return SystemError("stream {}: the API doesn't say how a job stands", parts_.stream);
  }
  MR_ASSIGN_OR_RETURN(const PyList found,
                      Extract(*parts_.status_extractor, *response, std::move(stop)));
  const std::string word = PyStr(found.empty() ? PyValue() : found.front());
  const auto status = parts_.statuses.find(word);
  if (status == parts_.statuses.end()) {
    return SystemError(
        "stream {}: the API says that a job is '{}', which the manifest's status_mapping doesn't "
        "know",
        parts_.stream, word);
  }
  job.SetStatus(status->second, environment_.clock->WallNow());
  if (status->second == AsyncJobStatus::kCompleted) {
    job.polled = response;
    MR_ASSIGN_OR_RETURN(job.polling_response, ContextOf(*response));
  }
  return Status::Ok();
}

Status AsyncJobRequests::Abort(const AsyncJob& job, std::stop_token stop) const {
  if (!parts_.abort) return Status::Ok();
  return Send(*parts_.abort, WithCreation(job), std::move(stop)).status();
}

Status AsyncJobRequests::Forget(const AsyncJob& job, std::stop_token stop) const {
  if (!parts_.forget) return Status::Ok();
  return Send(*parts_.forget, WithCreation(job), std::move(stop)).status();
}

Result<PyList> AsyncJobRequests::Targets(const AsyncJob& job, std::stop_token stop) const {
  if (!parts_.target_extractor) return PyList{PyValue("")};
  std::shared_ptr<const ApiResponse> response = job.polled;
  if (parts_.targets) {
    StreamSlice slice;
    slice.extra_fields = PyValue(PyDict{{"polling_response", job.polling_response}});
    MR_ASSIGN_OR_RETURN(response, Send(*parts_.targets, slice, stop));
    if (response == nullptr) {
      return SystemError("stream {}: the API doesn't say what to download", parts_.stream);
    }
  }
  return Extract(*parts_.target_extractor, *response, std::move(stop));
}

}  // namespace millrace
