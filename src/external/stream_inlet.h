#pragma once

#include <arrow/array/builder_primitive.h>

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/result.h"
#include "connector/source.h"
#include "connector/undeclared_column.h"
#include "external/message_envelope.h"
#include "formats/json_batch_decoder.h"

namespace millrace {

/// Collects the records of one stream into batches for a SourceOutput. One thread.
class StreamInlet {
 public:
  /// Starts and opens the stream. `output` outlives the inlet. `keep_undeclared`: its last column
  /// is kUndeclaredColumn. A config error: the schema has that one already.
  static Result<std::unique_ptr<StreamInlet>> Open(const ConfiguredStream& stream,
                                                   bool keep_undeclared, SourceOutput& output);

  // A record is appended in two steps, its data perhaps before it is known that it is of this
  // stream.

  /// Reads the scanner's next value, an object, as the data of a record. What is wrong with it,
  /// and then nothing was appended; null when it was read.
  const char* AppendData(JsonScanner& scanner);
  /// Takes back what AppendData appended last.
  void TakeBackData();
  /// The rest of the record whose data was appended last.
  Status Append(const MessageEnvelope& record);
  /// What the records held had as text.
  int64_t held_bytes() const { return held_bytes_; }
  /// Whether what is held is enough for a batch.
  bool full();
  /// Hands on what is held.
  Status Deliver();

  const StreamDescriptor& stream() const { return stream_; }
  /// Records since the last state that covered them, which resets it.
  int64_t TakeCount() { return std::exchange(since_state_, 0); }
  /// Values of fields that the stream's schema doesn't declare: left out.
  int64_t undeclared_values() const { return decoder_->undeclared_values(); }

  // What its source said of its end.
  std::optional<StreamStatus> last_status;  ///< kComplete or kIncomplete
  std::optional<Error> failure;             ///< why it will not be complete
  bool ended = false;                       ///< its end was reported

 private:
  StreamInlet(StreamDescriptor stream, SourceOutput& output,
              std::unique_ptr<JsonBatchDecoder> decoder)
      : stream_(std::move(stream)), output_(output), decoder_(std::move(decoder)) {}

  Status Passable(const Status& status);
  void TakeChanges(std::string_view meta);

  const StreamDescriptor stream_;
  SourceOutput& output_;
  const std::unique_ptr<JsonBatchDecoder> decoder_;
  arrow::Int64Builder emitted_at_;  // of the decoder's rows
  int64_t held_bytes_ = 0, since_state_ = 0;
  int64_t since_look_ = 0;  // bytes of records since full() looked at the decoder
  bool stopped_ = false;    // its writing failed: its records are passed over
};

}  // namespace millrace
