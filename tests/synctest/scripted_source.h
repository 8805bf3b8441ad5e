#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "connector/resumable_source.h"
#include "script.h"

namespace millrace::synctest {

/// A source that plays a script, and goes on where a state says it stopped: the n-th checkpoint of
/// a stream (or the n-th global one) is the state {"checkpoint": n}, and what stands before it in
/// the script is not played again. Partitions are read by ReadPartition, all else by Read.
class ScriptedSource : public ResumableSource {
 public:
  struct Hooks {
    std::function<void()> interrupt;
    std::function<void()> cancel;
  };

  ScriptedSource(std::vector<Step> script, Hooks hooks)
      : script_(std::move(script)), hooks_(std::move(hooks)) {}

  Status Check() override { return Status::Ok(); }
  Result<Catalog> Discover() override { return Catalog(); }
  Status Read(const ConfiguredCatalog& catalog, const State& resume_from, SourceOutput& output,
              std::stop_token stop) override;
  void Acknowledge(const State& saved) override;

  Result<std::vector<Partition>> Split(const ConfiguredStream& stream,
                                       const State& resume_from) override;
  Status ReadPartition(const ConfiguredStream& stream, const Partition& partition,
                       SourceOutput& output, std::stop_token stop) override;
  Result<StateMessage> StateAfter(const ConfiguredStream& stream,
                                  const std::vector<std::string>& done) override;

  /// A state after each partition of a stream that is resumable.
  std::optional<std::chrono::milliseconds> CheckpointInterval(
      const ConfiguredStream& stream) override;
  Result<bool> CanGoOn(const ConfiguredStream& stream, const State& saved,
                       std::stop_token stop) override;

  /// Each state that was acknowledged, as JSON, in order; the same one once.
  std::vector<std::string> acknowledged() const;

 private:
  /// Where Read stands.
  struct Reading {
    const ConfiguredCatalog& catalog;
    SourceOutput& output;
    std::stop_token stop;
    std::map<StreamDescriptor, int64_t> resumed;  ///< checkpoints to skip, by stream
    int64_t resumed_global = 0;
    std::map<StreamDescriptor, int64_t> passed;
    int64_t passed_global = 0;
    std::map<StreamDescriptor, SchemaPtr> schemas;
    std::set<StreamDescriptor> stopped;
  };

  Status Play(Reading& reading, size_t* at);
  Status PlayRows(Reading& reading, size_t* at);
  Status PlayCheckpoint(Reading& reading, const Step& step);
  Status PlayStop(const std::function<void()>& request, const std::stop_token& stop);

  const std::vector<Step> script_;
  const Hooks hooks_;
  /// The partitions that a resumed stream's state names.
  std::map<StreamDescriptor, std::vector<std::string>> resumed_partitions_;
  mutable std::mutex mutex_;
  std::vector<std::string> acknowledged_;  // guarded by mutex_
};

}  // namespace millrace::synctest
