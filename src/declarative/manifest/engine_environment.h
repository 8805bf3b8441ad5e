#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/log.h"
#include "base/status.h"
#include "declarative/jinja/py_value.h"

namespace millrace {

class ApiTransport;   // declarative/requests/api_transport.h
class ExchangeWatch;  // declarative/requests/exchange_watch.h

/// Waits; a back-off is one call of clock_nanosleep, so that a preloaded clock sees it as one.
/// Thread-safe.
class Sleeper {
 public:
  virtual ~Sleeper() = default;
  /// False: `stop` was requested (found out at the latest when the wait is over).
  virtual bool Sleep(std::chrono::nanoseconds duration, std::stop_token stop) = 0;
};

/// What components tell besides records. Thread-safe.
class EngineMessages {
 public:
  virtual ~EngineMessages() = default;
  virtual void Log(LogLevel level, std::string_view text) = 0;
  /// The configuration as a whole, changed (rotated tokens): durable when it returns ok.
  virtual Status ConfigChanged(const PyValue& config) = 0;
  /// Something failed that ends nothing by itself (a job that will be begun anew).
  virtual void Failure(const Error& error) { Log(LogLevel::kWarn, error.message); }
  /// A request of `stream` was told to slow down.
  virtual void RateLimited(std::string_view stream) = 0;
};

/// What the components of one connector share. Owned by the source; outlives them. Members are
/// borrowed.
struct EngineEnvironment {
  const Clock* clock = nullptr;
  Sleeper* sleeper = nullptr;
  ApiTransport* transport = nullptr;
  EngineMessages* messages = nullptr;
  /// A dict. Authenticators that rotate tokens change it under their own lock.
  PyValue config;
  /// A reply that a JsonDecoder can't read fails the stream; else it counts as an empty object, as
  /// in the CDK.
  bool wrong_replies_fail = false;
  /// Limits a builder's reads: pages per slice, slices per stream; 0: none.
  int pages_max = 0, slices_max = 0;
  /// A builder's read, as the CDK does it: nothing is tried again or answered from a cache.
  bool tries_once = false;
  ExchangeWatch* watch = nullptr;  ///< null: nobody watches
};

}  // namespace millrace
