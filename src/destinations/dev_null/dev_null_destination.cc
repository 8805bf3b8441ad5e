#include "destinations/dev_null/dev_null_destination.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <random>
#include <utility>

#include "base/log.h"
#include "destinations/dev_null/column_sums.h"
#include "destinations/dev_null/dev_null_config.h"
#include "formats/json_encoder.h"

namespace millrace {
namespace {

using Behavior = DevNullConfig::Behavior;

/// What all lanes of one stream share. Thread-safe.
class StreamCounts {
 public:
  StreamCounts(const DevNullConfig& config, uint64_t seed) : config_(config), random_(seed) {}

  /// Counts a row and says whether it is to be logged.
  bool Take() {
    std::lock_guard lock(mutex_);
    const bool turn = rows_++ % config_.log_every == 0 && logged_ < config_.log_rows_max;
    if (!turn || (config_.log_chance < 1 && chance_(random_) >= config_.log_chance)) return false;
    ++logged_;
    return true;
  }
  void Count(int64_t rows) {
    std::lock_guard lock(mutex_);
    rows_ += rows;
  }
  void Add(const ColumnSums& sums) {
    std::lock_guard lock(mutex_);
    sums_.Merge(sums);
  }
  /// "17 rows …", and the checksums where there are any.
  std::string ToString() const {
    std::lock_guard lock(mutex_);
    const std::string sums = sums_.ToString();
    return fmt::format("{} rows taken and forgotten{}{}", rows_, sums.empty() ? "" : "; checksums ",
                       sums);
  }

 private:
  const DevNullConfig& config_;
  mutable std::mutex mutex_;
  int64_t rows_ = 0, logged_ = 0;                        // guarded by mutex_
  ColumnSums sums_;                                      // guarded by mutex_
  std::mt19937_64 random_;                               // guarded by mutex_
  std::uniform_real_distribution<double> chance_{0, 1};  // guarded by mutex_
};

/// What the writers of a load share; outlives them.
struct DevNullShared {
  const DevNullConfig config;
  std::atomic<int64_t> records{0};
};

class DevNullWriter : public StreamWriter {
 public:
  DevNullWriter(StreamDescriptor stream, int lane, JsonEncoder encoder, DevNullShared& shared,
                StreamCounts& counts)
      : stream_(std::move(stream)),
        lane_(lane),
        encoder_(std::move(encoder)),
        shared_(shared),
        counts_(counts) {}

  Status Write(const ChangeBatch& batch) override {
    const int64_t rows = batch.num_rows();
    const int64_t before = shared_.records.fetch_add(rows);
    if (shared_.config.behavior == Behavior::kFailing &&
        before + rows > shared_.config.records_before_failure) {
      return SystemError("destination-dev-null fails after {} records, as it was told to",
                         shared_.config.records_before_failure);
    }
    if (shared_.config.behavior == Behavior::kLogging) {
      LogRows(*batch.rows);
    } else {
      counts_.Count(rows);
    }
    if (shared_.config.checksum) sums_.Add(*batch.rows);
    if (shared_.config.behavior == Behavior::kThrottled) Wait(shared_.config.per_record * rows);
    parts_.records += rows;
    parts_.bytes += batch.num_bytes();
    return Status::Ok();
  }

  Status SetSchema(const SchemaPtr& schema) override {
    MR_ASSIGN_OR_RETURN(encoder_, JsonEncoder::Make(schema));
    return Status::Ok();
  }

  Result<StagedParts> Flush() override {
    parts_.stream = stream_;
    parts_.lane = lane_;
    counts_.Add(std::exchange(sums_, {}));
    return std::exchange(parts_, {});
  }

 private:
  void LogRows(const arrow::RecordBatch& rows) {
    for (int64_t row = 0; row < rows.num_rows(); ++row) {
      if (!counts_.Take()) continue;
      std::string text;
      encoder_.AppendRow(rows, row, text);
      Log(LogLevel::kInfo, "{}: {}", stream_.ToString(), text);
    }
  }

  /// Nothing wakes it: a cancelled attempt that is caught here is ended by its watchdog.
  static void Wait(std::chrono::milliseconds span) {
    std::mutex mutex;
    std::condition_variable nobody;
    std::unique_lock lock(mutex);
    nobody.wait_for(lock, span, [] { return false; });
  }

  const StreamDescriptor stream_;
  const int lane_;
  JsonEncoder encoder_;
  DevNullShared& shared_;
  StreamCounts& counts_;
  StagedParts parts_;
  ColumnSums sums_;  // since the last flush
};

class DevNullLoad : public Load {
 public:
  DevNullLoad(const DevNullConfig& config, CommitListener& listener)
      : shared_{config}, listener_(listener) {}

  Result<std::unique_ptr<StreamWriter>> OpenWriter(const ConfiguredStream& stream,
                                                   const SchemaPtr& schema, int lane) override {
    MR_ASSIGN_OR_RETURN(JsonEncoder encoder, JsonEncoder::Make(schema));
    return std::unique_ptr<StreamWriter>(std::make_unique<DevNullWriter>(
        stream.descriptor(), lane, std::move(encoder), shared_, CountsOf(stream.descriptor())));
  }

  Status Commit(const Checkpoint& checkpoint, std::vector<StagedParts>) override {
    listener_.Committed(checkpoint.id);
    return Status::Ok();
  }

  Status FinishStream(const StreamDescriptor& stream, StreamStatus) override {
    Log(LogLevel::kInfo, "{}: {}", stream.ToString(), CountsOf(stream).ToString());
    return Status::Ok();
  }

  /// Nothing is kept, ever.
  bool HasCommitsOf(const StreamDescriptor&) const override { return true; }
  Status Close() override { return Status::Ok(); }

 private:
  StreamCounts& CountsOf(const StreamDescriptor& stream) {
    std::lock_guard lock(mutex_);
    const auto seed = shared_.config.seed ? *shared_.config.seed : std::random_device()();
    return streams_.try_emplace(stream, shared_.config, seed).first->second;
  }

  DevNullShared shared_;
  CommitListener& listener_;
  std::mutex mutex_;
  std::map<StreamDescriptor, StreamCounts> streams_;  // guarded by mutex_; entries stay
};

class DevNullDestination : public Destination {
 public:
  explicit DevNullDestination(const DevNullConfig& config) : config_(config) {}

  Status Check() override { return Status::Ok(); }

  Result<std::unique_ptr<Load>> OpenLoad(const ConfiguredCatalog&, const LoadContext&,
                                         CommitListener& listener) override {
    return std::unique_ptr<Load>(std::make_unique<DevNullLoad>(config_, listener));
  }

 private:
  const DevNullConfig config_;
};

}  // namespace

Result<std::unique_ptr<Destination>> MakeDevNullDestination(const Json& config) {
  MR_ASSIGN_OR_RETURN(const DevNullConfig parsed, DevNullConfigFromJson(config));
  return std::unique_ptr<Destination>(std::make_unique<DevNullDestination>(parsed));
}

}  // namespace millrace
