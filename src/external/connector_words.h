#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/error.h"
#include "external/message_events.h"
#include "subprocess/child_exit.h"
#include "subprocess/last_lines.h"

namespace millrace {

/// What a connector that we run says beside its records: log lines go to the log, errors and the
/// answers of spec, check and discover are kept for whoever asked. Lines that are no messages are
/// log lines too, unless they look like a message that broke: a record may be lost there, and that
/// is a failure. Made for one run; one thread.
class ConnectorWords : public MessageEvents {
 public:
  /// Takes a configuration that the connector wants kept (CONTROL): a rotated token, say.
  using KeepConfig = std::function<Status(const Json& config)>;

  explicit ConnectorWords(KeepConfig keep_config);

  Status TakeOtherLine(std::string_view line, int64_t number, std::string_view fault,
                       bool cut) override;
  Status TakeMessage(const std::string& type, const Json& message, int64_t number) override;
  void TakeError(Error error) override;
  Status Fault(int64_t number, std::string_view what) override;

  /// The last message of that type: SPEC, CONNECTION_STATUS, CATALOG. Null: none came.
  const Json* Answer(const std::string& type) const;

  /// The first error that names no stream.
  const std::optional<Error>& error() const { return error_; }
  /// Whether it told any error, of a stream or of all.
  bool told_error() const { return error_ || stream_error_; }
  /// Whether it printed nothing but messages.
  bool only_messages() const { return other_lines_.lines().empty(); }
  /// Why a run that ended so gave no result: its own error, else its exit and its last line.
  Error FailureOf(const ChildExit& exit) const;
  /// Why reading it failed (`read`), with the connector's last lines for the log.
  Error FailureOf(const Status& read, const ChildExit& exit) const;

 private:
  Error WithLastWords(Error failure, const ChildExit& exit) const;
  Status TakeControl(const Json& message);
  Status TakeUnknown(const std::string& type, const Json& message, int64_t number);

  const KeepConfig keep_config_;
  LastLines other_lines_;
  std::map<std::string, JsonValue> answers_;
  bool unknown_type_ = false;          // a message of one came: it is warned of once
  std::optional<Error> error_;         // without a stream
  std::optional<Error> stream_error_;  // the first that names one
};

}  // namespace millrace
