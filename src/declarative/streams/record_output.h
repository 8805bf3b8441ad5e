#pragma once

#include <span>
#include <string>

#include "base/error.h"
#include "base/status.h"
#include "declarative/jinja/py_value.h"
#include "declarative/records/declarative_record.h"

namespace millrace {

class DeclarativeStream;

/// Where the streams of a read put what they read: rows for the pipeline, or messages for whoever
/// runs a connector by protocol. Thread-safe; for each stream Started, then Records and State in
/// any order, Failed for each of its failures, Ended.
class RecordOutput {
 public:
  virtual ~RecordOutput() = default;

  virtual Status Started(const DeclarativeStream& stream) = 0;
  /// Takes the records over; blocks while whoever comes next is busy.
  virtual Status Records(const DeclarativeStream& stream, std::span<DeclarativeRecord> records) = 0;
  /// Covers every record that was given before.
  virtual Status State(const DeclarativeStream& stream, const PyValue& state) = 0;
  virtual Status Failed(const DeclarativeStream& stream, const Error& error) = 0;
  virtual Status Ended(const DeclarativeStream& stream, bool complete) = 0;
  /// The catalog names a stream that isn't there.
  virtual Status Missing(const std::string& stream) = 0;
};

}  // namespace millrace
