#pragma once

#include <utility>
#include <variant>

#include "base/check.h"
#include "base/status.h"

namespace millrace {

/// A T, or the Status that says why there is none. A plain value; never holds an ok Status.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::in_place_index<1>, std::move(value)) {}        // NOLINT: implicit
  Result(Status status) : value_(std::in_place_index<0>, std::move(status)) {  // NOLINT: implicit
    MR_CHECK(!std::get<0>(value_).ok(), "a Result needs a value or a failure");
  }
  template <typename U>
    requires(std::is_convertible_v<U &&, T> && !std::is_same_v<std::decay_t<U>, T> &&
             !std::is_same_v<std::decay_t<U>, Status> && !std::is_same_v<std::decay_t<U>, Result>)
  Result(U&& value)  // NOLINT: implicit
      : value_(std::in_place_index<1>, std::forward<U>(value)) {}

  bool ok() const { return value_.index() == 1; }
  Status status() const { return ok() ? Status::Ok() : std::get<0>(value_); }

  /// Require ok().
  T& operator*() & { return Value(); }
  const T& operator*() const& { return const_cast<Result*>(this)->Value(); }
  T&& operator*() && { return std::move(Value()); }
  T* operator->() { return &Value(); }
  const T* operator->() const { return &const_cast<Result*>(this)->Value(); }

 private:
  T& Value() {
    MR_CHECK(ok(), std::get<0>(value_).ToString());
    return std::get<1>(value_);
  }

  std::variant<Status, T> value_;
};

}  // namespace millrace

#define MR_CONCAT_(a, b) a##b
#define MR_CONCAT(a, b) MR_CONCAT_(a, b)
#define MR_ASSIGN_OR_RETURN_(result, target, expression) \
  auto result = (expression);                            \
  if (!result.ok()) return result.status();              \
  target = std::move(*result)

/// MR_ASSIGN_OR_RETURN(auto rows, Count()): the value, or return with the failure.
#define MR_ASSIGN_OR_RETURN(target, expression) \
  MR_ASSIGN_OR_RETURN_(MR_CONCAT(mr_result_, __LINE__), target, expression)
