#pragma once

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/result.h"

namespace millrace {

/// A window of a cursor that was read to its end.
template <typename Value>
struct CursorInterval {
  Value start, end;
  std::optional<Value> most_recent;  ///< of its records
};

/// Sorts the intervals and joins those that touch or overlap; they stay as they are when it fails.
/// `Order::Less(a, b)` gives Result<bool>, always the same; `Order::Next(value)` the value one unit
/// on, Result<Value>.
template <typename Value, typename Order>
Status MergeIntervals(const Order& order, std::vector<CursorInterval<Value>>* intervals) {
  Status failed;
  const auto less = [&](const Value& a, const Value& b) {
    Result<bool> result = order.Less(a, b);
    if (!result.ok() && failed.ok()) failed = result.status();
    return result.ok() && *result;
  };
  std::vector<CursorInterval<Value>> sorted = *intervals;
  std::stable_sort(sorted.begin(), sorted.end(), [&](const auto& a, const auto& b) {
    return less(a.start, b.start) || (!less(b.start, a.start) && less(a.end, b.end));
  });
  std::vector<CursorInterval<Value>> merged;
  for (CursorInterval<Value>& interval : sorted) {
    if (!merged.empty()) {
      CursorInterval<Value>& last = merged.back();
      MR_ASSIGN_OR_RETURN(const Value next, order.Next(last.end));
      if (!less(next, interval.start)) {
        if (less(last.end, interval.end)) last.end = std::move(interval.end);
        if (interval.most_recent &&
            (!last.most_recent || !less(*interval.most_recent, *last.most_recent))) {
          last.most_recent = std::move(interval.most_recent);
        }
        continue;
      }
    }
    merged.push_back(std::move(interval));
  }
  MR_RETURN_IF_ERROR(failed);
  *intervals = std::move(merged);
  return Status::Ok();
}

}  // namespace millrace
