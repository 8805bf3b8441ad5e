#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "declarative/manifest/component.h"
#include "declarative/manifest/engine_environment.h"

namespace millrace {

/// PageSizeReduction: how pages shrink when the API asks for smaller ones. A plain value.
struct PageSizeReduction {
  double factor = 2.0;  ///< above 1
  int64_t smallest = 1;
  int64_t attempts_max = 5;  ///< in a row, without a page in between
  bool restores_after_page = false;
  double backoff_seconds = 0.5;  ///< times the attempts in a row
  int64_t retries_at_smallest = 0;
  std::string failure_message;  ///< the connector's own advice; may be empty

  static Result<PageSizeReduction> Make(const Component& component);
};

/// The page size of one slice's reading. One thread.
class PageSizeReducer {
 public:
  /// `configured`: the manifest's page size, if there is one. `stream` for messages.
  PageSizeReducer(const PageSizeReduction& reduction, std::optional<int64_t> configured,
                  std::string_view stream, const EngineEnvironment& environment)
      : reduction_(reduction),
        configured_(configured),
        stream_(stream),
        environment_(environment) {}

  /// Left out: the configured one.
  std::optional<int64_t> page_size() const { return current_; }
  /// Makes the next page smaller, or only waits when it can't be, and waits. A transient error when
  /// that was tried too often; a config error when it can never help.
  Status Reduce(std::stop_token stop);
  void PageSucceeded();

 private:
  Status Wait(int64_t times, std::stop_token stop);
  Status RetryAtSmallest(int64_t size, std::stop_token stop);
  Status GiveUp(const std::string& why) const;

  const PageSizeReduction& reduction_;
  const std::optional<int64_t> configured_;
  const std::string stream_;
  const EngineEnvironment& environment_;
  std::optional<int64_t> current_;
  int64_t attempts_ = 0, retries_ = 0;
};

}  // namespace millrace
