#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "declarative/jinja/py_value.h"
#include "declarative/slices/stream_cursor.h"
#include "declarative/streams/retriever.h"
#include "declarative/streams/stream_schema.h"

namespace millrace {

/// One stream of a manifest, built and ready to be read. Owned by the source; used by several
/// threads at once.
class DeclarativeStream {
 public:
  struct Parts {
    std::string name;
    std::vector<std::string> primary_key;
    std::shared_ptr<StreamSchema> schema;
    std::unique_ptr<Retriever> retriever;
    std::unique_ptr<StreamCursor> cursor;
    /// Cuts the stream into slices where that isn't the cursor's work; null: the cursor does.
    std::unique_ptr<StreamSlicer> slicer;
    /// The state that it was given is older than what the API keeps: an empty one comes first.
    bool state_is_forgotten = false;
  };

  explicit DeclarativeStream(Parts parts) : parts_(std::move(parts)) {}
  /// Before it is read.
  void ForgetState() { parts_.state_is_forgotten = true; }

  const std::string& name() const { return parts_.name; }
  const std::vector<std::string>& primary_key() const { return parts_.primary_key; }
  StreamCursor& cursor() const { return *parts_.cursor; }
  StreamSlicer& slicer() const { return parts_.slicer ? *parts_.slicer : *parts_.cursor; }
  bool state_is_forgotten() const { return parts_.state_is_forgotten; }

  /// Reads the records of a slice (see Retriever). The schema is found out first, as in the CDK:
  /// where it can't be had, nothing is read.
  Status ReadSlice(const StreamSlice& slice, RecordConsumer& consumer, std::stop_token stop) const;
  /// The stream as a catalog shows it: AirbyteStream's JSON.
  Result<PyValue> AsAirbyteStream(std::stop_token stop) const;

 private:
  Parts parts_;
};

}  // namespace millrace
