#include "declarative/requests/call_rate_policy.h"

#include <algorithm>
#include <deque>
#include <mutex>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/requests/iso_duration.h"
#include "declarative/requests/python_number.h"

namespace millrace {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

class UnlimitedPolicy final : public CallRatePolicy {
 public:
  explicit UnlimitedPolicy(std::vector<RequestMatcher> matchers)
      : CallRatePolicy(std::move(matchers)) {}
  Result<std::optional<microseconds>> TryAcquire(int) override {
    return std::optional<microseconds>();
  }
  void Update(std::optional<int64_t>, std::optional<int64_t>) override {}
};

/// So many calls until a moment that the server names. The first window is ten days long: it is
/// the first reply that says when it ends.
class FixedWindowPolicy final : public CallRatePolicy {
 public:
  FixedWindowPolicy(std::vector<RequestMatcher> matchers, const Clock& clock, microseconds period,
                    int64_t limit)
      : CallRatePolicy(std::move(matchers)),
        clock_(clock),
        period_(period),
        limit_(limit),
        next_reset_(clock.WallNow() + std::chrono::hours(24 * 10)) {}

  Result<std::optional<microseconds>> TryAcquire(int weight) override {
    if (weight > limit_) return PyError("ValueError", "Weight can not exceed the call limit");
    std::lock_guard lock(mutex_);
    BeginWindow();
    if (calls_ + weight > limit_) {
      return std::optional<microseconds>(next_reset_ - clock_.WallNow());
    }
    calls_ += weight;
    return std::optional<microseconds>();
  }

  void Update(std::optional<int64_t> calls_left, std::optional<int64_t> reset_s) override {
    std::lock_guard lock(mutex_);
    BeginWindow();
    if (calls_left && limit_ - calls_ > *calls_left) calls_ = limit_ - *calls_left;
    if (reset_s) next_reset_ = WallTime(std::chrono::seconds(*reset_s));
  }

 private:
  void BeginWindow() {
    if (clock_.WallNow() <= next_reset_) return;
    next_reset_ += period_;
    calls_ = 0;
  }

  const Clock& clock_;
  const microseconds period_;
  const int64_t limit_;
  std::mutex mutex_;
  WallTime next_reset_;  // guarded by mutex_, as is calls_
  int64_t calls_ = 0;
};

struct Rate {
  int64_t limit = 0;
  milliseconds interval{0};
};

/// So many calls within any span of time, for each of several spans.
class MovingWindowPolicy final : public CallRatePolicy {
 public:
  MovingWindowPolicy(std::vector<RequestMatcher> matchers, const Clock& clock,
                     std::vector<Rate> rates)
      : CallRatePolicy(std::move(matchers)), clock_(clock), rates_(std::move(rates)) {
    std::stable_sort(rates_.begin(), rates_.end(),
                     [](const Rate& a, const Rate& b) { return a.interval < b.interval; });
  }

  Result<std::optional<microseconds>> TryAcquire(int weight) override {
    for (const Rate& rate : rates_) {
      if (weight <= rate.limit) continue;
      return PyError("ValueError", "Weight can not exceed the lowest configured rate limit");
    }
    std::lock_guard lock(mutex_);
    const milliseconds now = Now();
    Forget(now);
    for (const Rate& rate : rates_) {
      if (rate.limit - CallsSince(now - rate.interval) >= weight) continue;
      // When enough of the calls counted now leave the window.
      const auto bound = calls_[calls_.size() - 1 - static_cast<size_t>(rate.limit - weight)];
      return std::optional<microseconds>(bound - (now - rate.interval));
    }
    calls_.insert(calls_.end(), static_cast<size_t>(weight), now);
    return std::optional<microseconds>();
  }

  void Update(std::optional<int64_t> calls_left, std::optional<int64_t> reset_s) override {
    // Only "nothing is left" is understood: the windows are taken for full.
    if (!calls_left || *calls_left != 0 || reset_s) return;
    std::lock_guard lock(mutex_);
    const milliseconds now = Now();
    int64_t room = rates_.front().limit;
    for (const Rate& rate : rates_) {
      room = std::min(room, rate.limit - CallsSince(now - rate.interval));
    }
    if (room > 0) calls_.insert(calls_.end(), static_cast<size_t>(room), now);
  }

 private:
  milliseconds Now() const {
    return std::chrono::duration_cast<milliseconds>(clock_.WallNow().time_since_epoch());
  }
  int64_t CallsSince(milliseconds when) const {
    return calls_.end() - std::lower_bound(calls_.begin(), calls_.end(), when);
  }
  void Forget(milliseconds now) {
    const milliseconds oldest = now - rates_.back().interval;
    while (!calls_.empty() && calls_.front() < oldest) calls_.pop_front();
  }

  const Clock& clock_;
  std::vector<Rate> rates_;
  std::mutex mutex_;
  std::deque<milliseconds> calls_;  // guarded by mutex_; at most the greatest limit
};

Result<IsoDuration> Duration(const Component& component, std::string_view field) {
  MR_ASSIGN_OR_RETURN(const std::string text, component.Text(field));
  const std::optional<IsoDuration> duration = ParseIsoDuration(text);
  if (!duration) {
    return component.FieldError(field, "expected an ISO 8601 duration such as PT1M, not " + text);
  }
  return *duration;
}

Result<int64_t> WholeNumber(const Component& component, std::string_view field,
                            const EngineEnvironment& environment) {
  MR_ASSIGN_OR_RETURN(const InterpolatedString text, component.Template(field));
  const InterpolationContext context(*environment.clock, environment.config);
  MR_ASSIGN_OR_RETURN(const PyValue value, text.Evaluate(context));
  const auto number = PyInt64Of(value);
  if (!number.ok() || *number < 0 || *number > 10'000'000) {
    return component.FieldError(field, "expected a whole number, not " + PyRepr(value));
  }
  return *number;
}

Result<std::vector<Rate>> Rates(const Component& component, const EngineEnvironment& environment) {
  std::vector<Rate> rates;
  MR_ASSIGN_OR_RETURN(const auto children, component.Children("rates"));
  for (const Component& child : children) {
    Rate rate;
    MR_ASSIGN_OR_RETURN(rate.limit, WholeNumber(child, "limit", environment));
    MR_ASSIGN_OR_RETURN(const IsoDuration interval, Duration(child, "interval"));
    rate.interval = std::chrono::duration_cast<milliseconds>(interval.span);
    rates.push_back(rate);
  }
  if (rates.empty()) return component.FieldError("rates", "at least one is needed");
  return rates;
}

}  // namespace

bool CallRatePolicy::Matches(const ApiRequest& request) const {
  return matchers_.empty() ||
         std::any_of(matchers_.begin(), matchers_.end(),
                     [&](const RequestMatcher& matcher) { return matcher.Matches(request); });
}

int CallRatePolicy::WeightOf(const ApiRequest& request) const {
  for (const RequestMatcher& matcher : matchers_) {
    if (matcher.Matches(request)) return matcher.weight();
  }
  return 1;
}

Result<std::unique_ptr<CallRatePolicy>> MakeCallRatePolicy(const Component& component,
                                                           const EngineEnvironment& environment) {
  const std::string_view type = component.type();
  MR_ASSIGN_OR_RETURN(auto matchers, MakeRequestMatchers(component, environment));
  std::unique_ptr<CallRatePolicy> policy;
  if (type == "FixedWindowCallRatePolicy") {
    MR_ASSIGN_OR_RETURN(const IsoDuration period, Duration(component, "period"));
    MR_ASSIGN_OR_RETURN(const int64_t limit, WholeNumber(component, "call_limit", environment));
    policy = std::make_unique<FixedWindowPolicy>(std::move(matchers), *environment.clock,
                                                 period.span, limit);
  } else if (type == "MovingWindowCallRatePolicy") {
    MR_ASSIGN_OR_RETURN(auto rates, Rates(component, environment));
    policy = std::make_unique<MovingWindowPolicy>(std::move(matchers), *environment.clock,
                                                  std::move(rates));
  } else if (type == "UnlimitedCallRatePolicy") {
    policy = std::make_unique<UnlimitedPolicy>(std::move(matchers));
  } else {
    return component.UnknownType("call rate policy");
  }
  return policy;
}

}  // namespace millrace
