#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"

namespace millrace {

/// Which of a stream's top-level fields hold moments, and in which format: those of the first
/// record, as long as every other record has one in that format, too. One thread.
class DatetimeFormats {
 public:
  /// Takes a record: an object.
  void Add(const Json& record);
  /// {field: format}.
  Json Found() const;

 private:
  std::optional<std::vector<std::pair<std::string, std::string>>> found_;  // absent: no record yet
};

}  // namespace millrace
