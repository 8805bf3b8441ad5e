#pragma once

#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "declarative/builder/datetime_formats.h"
#include "declarative/builder/schema_inference.h"
#include "declarative/requests/exchange_watch.h"

namespace millrace {

/// How much of a stream a builder reads.
struct BuilderReadLimits {
  int64_t records = 1'000;
  int pages = 5;   ///< of each slice
  int slices = 5;  ///< of each stream, parents included
};

/// Writes down what happens while one stream is read for a connector builder, and makes of it what
/// the CDK's test_read answers: slices of pages, each with the request and reply that its records
/// came from; what was asked besides; log lines; the schema that fits the records. The read is one
/// thread; log lines may come from others. What it keeps of bodies and records is bounded.
class ReadJournal final : public ExchangeWatch {
 public:
  static constexpr int64_t kBodyBytesMax = 16 << 20;
  static constexpr int64_t kRecordBytesMax = 32 << 20;
  static constexpr size_t kLogLinesMax = 1'000;
  static constexpr size_t kAuxiliaryMax = 200;

  ReadJournal(std::string stream, const BuilderReadLimits& limits)
      : stream_(std::move(stream)), limits_(limits) {}

  void SliceStarted(Json descriptor);
  void Exchanged(const ExchangePurpose& purpose, const ApiRequest& request,
                 const ApiResponse& response) override;
  /// `bytes`: of its text.
  void Record(Json record, size_t bytes);
  /// False: as many records as were asked for, or as many bytes as it keeps.
  bool WantsMore() const { return records_seen_ < limits_.records && record_bytes_ > 0; }
  /// A STATE message's content.
  void State(Json state) { state_ = std::move(state); }
  void Log(LogLevel level, std::string_view text);
  void Failed(const Error& error);
  void ConfigChanged(Json config) { config_ = std::move(config); }

  /// StreamRead, with every secret struck out. `required`: the fields of the stream's primary key
  /// and cursor. Once, at the end.
  Json Finish(const std::vector<std::string>& required);

 private:
  void ClosePage();
  void CloseSlice();
  void AddLog(Json line);
  bool LimitReached() const;

  const std::string stream_;
  const BuilderReadLimits limits_;
  int64_t body_bytes_ = kBodyBytesMax, record_bytes_ = kRecordBytesMax;  // left
  int64_t records_seen_ = 0;

  Json slices_ = Json::array(), auxiliary_ = Json::array();
  Json state_, config_;  // null: none yet
  // The slice that is being read, and its page.
  Json descriptor_, pages_ = Json::array(), slice_auxiliary_ = Json::array();
  Json page_ = Json::object(), records_ = Json::array();
  bool slice_has_page_ = false;
  SchemaInference schema_;
  DatetimeFormats formats_;

  std::mutex mutex_;
  Json logs_ = Json::array();  // guarded by mutex_
};

}  // namespace millrace
