#include "declarative/builder/read_journal.h"

#include <fmt/format.h>

#include <utility>

#include "base/secrets.h"
#include "declarative/builder/shown_exchange.h"

namespace millrace {

void ReadJournal::ClosePage() {
  page_["records"] = std::exchange(records_, Json::array());
  pages_.push_back(std::exchange(page_, Json::object()));
}

void ReadJournal::CloseSlice() {
  Json slice{{"pages", std::exchange(pages_, Json::array())}};
  slice["slice_descriptor"] = descriptor_.is_null() ? Json::object() : descriptor_;
  slice["state"] = state_.is_null() ? Json::array() : Json::array({state_});
  slice["auxiliary_requests"] = std::exchange(slice_auxiliary_, Json::array());
  slices_.push_back(std::move(slice));
}

void ReadJournal::SliceStarted(Json descriptor) {
  if (slice_has_page_) {
    ClosePage();
    CloseSlice();
    slice_has_page_ = false;
  }
  descriptor_ = std::move(descriptor);
}

void ReadJournal::Exchanged(const ExchangePurpose& purpose, const ApiRequest& request,
                            const ApiResponse& response) {
  if (purpose.auxiliary) {
    const bool of_slice = purpose.type.starts_with("ASYNC_");
    Json& list = of_slice ? slice_auxiliary_ : auxiliary_;
    if (list.size() >= kAuxiliaryMax) return;
    list.push_back({{"title", purpose.title},
                    {"type", purpose.type},
                    {"description", purpose.description},
                    {"request", ShownRequest(request, response)},
                    {"response", ShownResponse(response, &body_bytes_)}});
    return;
  }
  // Requests that dynamic streams are found out with.
  if (purpose.stream != stream_) return;
  if (slice_has_page_) ClosePage();
  slice_has_page_ = true;
  page_["request"] = ShownRequest(request, response);
  page_["response"] = ShownResponse(response, &body_bytes_);
}

void ReadJournal::Record(Json record, size_t bytes) {
  ++records_seen_;
  record_bytes_ -= static_cast<int64_t>(bytes);
  if (record_bytes_ <= 0) {
    Log(LogLevel::kWarn, fmt::format("the records are larger than {} MiB: the rest is not read",
                                     kRecordBytesMax >> 20));
  }
  schema_.Add(record);
  formats_.Add(record);
  records_.push_back(std::move(record));
}

void ReadJournal::AddLog(Json line) {
  const std::lock_guard lock(mutex_);
  if (logs_.size() < kLogLinesMax) logs_.push_back(std::move(line));
}

void ReadJournal::Log(LogLevel level, std::string_view text) {
  if (level == LogLevel::kDebug) return;
  AddLog({{"message", std::string(text)}, {"level", ToString(level)}});
}

void ReadJournal::Failed(const Error& error) {
  Json line{{"message", error.message}, {"level", "ERROR"}};
  if (!error.internal.empty()) line["internal_message"] = error.internal;
  AddLog(std::move(line));
}

bool ReadJournal::LimitReached() const {
  if (std::cmp_greater_equal(slices_.size(), limits_.slices) || !WantsMore()) return true;
  for (const Json& slice : slices_) {
    if (std::cmp_greater_equal(slice["pages"].size(), limits_.pages)) return true;
  }
  return false;
}

Json ReadJournal::Finish(const std::vector<std::string>& required) {
  if (!page_.empty() || !records_.empty()) {
    ClosePage();
    CloseSlice();
  }
  Json read = Json::object();
  std::vector<std::string> problems;
  Json schema = schema_.empty() ? Json() : schema_.Schema(required, &problems);
  for (const std::string& problem : problems) AddLog({{"message", problem}, {"level", "ERROR"}});
  const bool limit_reached = LimitReached();
  {
    const std::lock_guard lock(mutex_);
    read["logs"] = std::move(logs_);
  }
  read["slices"] = std::move(slices_);
  read["test_read_limit_reached"] = limit_reached;
  read["auxiliary_requests"] = std::move(auxiliary_);
  if (!schema.is_null()) read["inferred_schema"] = std::move(schema);
  read["inferred_datetime_formats"] = formats_.Found();
  StrikeSecrets(&read);
  // Whoever keeps it masks it, by the specification.
  if (!config_.is_null()) read["latest_config_update"] = std::move(config_);
  return read;
}

}  // namespace millrace
