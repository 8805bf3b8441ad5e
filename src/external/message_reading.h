#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/result.h"
#include "connector/source.h"
#include "external/message_envelope.h"
#include "external/message_events.h"
#include "external/state_checks.h"
#include "external/stream_inlet.h"

namespace millrace {

/// Turns the lines of an Airbyte source into what a SourceOutput takes. RECORD becomes rows of its
/// stream's schema (the configured catalog's), STATE a checkpoint that covers them, STREAM_STATUS a
/// status, ESTIMATE an estimate; the rest goes to MessageEvents, a stream's errors too. One thread;
/// made for one reading.
class MessageReading {
 public:
  /// The references outlive it. A line longer than `line_bytes_max` is a fault.
  /// `keep_undeclared`: see StreamInlet.
  MessageReading(SourceOutput& output, MessageEvents& events, int64_t line_bytes_max,
                 bool keep_undeclared = false)
      : output_(output),
        events_(events),
        line_bytes_max_(line_bytes_max),
        keep_undeclared_(keep_undeclared),
        read_data_([this](JsonScanner& scanner, const MessageEnvelope& envelope) {
          return ReadRecordData(scanner, envelope);
        }) {}

  /// Starts and opens every stream of the catalog.
  Status Open(const ConfiguredCatalog& catalog);

  /// Takes what came next of the input, whole lines or not.
  Status Take(std::string_view chunk);

  /// The input ended, where a last line may end too. Delivers what is held and ends every stream:
  /// as its last status said or, when there was no status at all, kComplete, as older platforms
  /// expect. A stream without its status is kIncomplete, because of `why` if that is given.
  Status End(const std::optional<Error>& why);

  /// The input broke off: delivers nothing more, and ends each stream that was not said to be
  /// complete as kIncomplete, with its own error or because of `why`.
  void BreakOff(const Error& why);

  /// Lines that were messages.
  int64_t messages() const { return messages_; }
  /// Whether a stream ended as kIncomplete, and whether every such one for a reason of its own.
  bool any_incomplete() const { return any_incomplete_; }
  bool each_has_its_reason() const { return each_has_its_reason_; }

 private:
  Status TakeLine(std::string_view line);
  Status TakeHeldLine();
  Status CheckLength(size_t bytes, int64_t line_number);
  Status TakeMessage(std::string_view line, const std::string& type);
  const char* ReadRecordData(JsonScanner& scanner, const MessageEnvelope& envelope);
  void TakeBackData();
  Status TakeRecord(std::string_view line, const MessageEnvelope& envelope);
  Status Deliver(StreamInlet& inlet);
  Status DeliverAll();
  Status TakeState(const Json& message);
  Status TakeTrace(const Json& message);
  Status TakeStreamStatus(const Json& fields);
  Status TakeEstimate(const Json& estimate);
  void FailStream(const StreamDescriptor& stream, const Error& why);
  Result<StreamInlet*> Find(const StreamDescriptor& stream);
  void EndStream(StreamInlet& inlet, StreamStatus status, const std::optional<Error>& why);

  SourceOutput& output_;
  MessageEvents& events_;
  const int64_t line_bytes_max_;
  const bool keep_undeclared_;
  std::map<StreamDescriptor, std::unique_ptr<StreamInlet>> inlets_;
  const ReadData read_data_;
  StreamInlet* latest_ = nullptr;   // of the record before: the next is mostly of the same stream
  StreamInlet* data_in_ = nullptr;  // has the data of the record being read
  std::string line_;                // begun by an earlier chunk
  StateChecks state_checks_;
  int64_t held_bytes_ = 0;  // of records, as text, in all inlets
  int64_t line_number_ = 0, messages_ = 0;
  bool cut_ = false;  // the line that is held ended with the input
  bool any_status_ = false, any_incomplete_ = false, each_has_its_reason_ = true;
};

}  // namespace millrace
