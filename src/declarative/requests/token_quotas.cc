#include "declarative/requests/token_quotas.h"

#include <algorithm>
#include <cmath>

#include "declarative/jinja/py_error.h"
#include "declarative/requests/python_number.h"
#include "declarative/requests/quota_status.h"
#include "declarative/requests/request_sender.h"

namespace millrace {
namespace {

constexpr double kLogEverySeconds = 60;
constexpr double kThrottleSecondsMax = 10;
/// A reset that lies in the past must not make one ask without pause.
constexpr double kExhaustionSecondsLeast = 5;
/// How far a reply's reset may lie before the one known and still mean the same window.
constexpr auto kResetSkew = std::chrono::seconds(60);

}  // namespace

/// What Acquire does next: nothing more, a pause before the request, or a wait and another look.
struct TokenQuotas::Plan {
  std::optional<size_t> token;
  double seconds = 0;
};

TokenQuotas::TokenQuotas(const EngineEnvironment& environment, TokenRotation rotation)
    : environment_(environment), rotation_(std::move(rotation)) {
  for (const std::string& token : rotation_.tokens) {
    status_senders_.push_back(MakeQuotaStatusSender(environment, rotation_, token));
  }
}

TokenQuotas::~TokenQuotas() = default;

std::string TokenQuotas::active_token() const {
  std::lock_guard lock(mutex_);
  return rotation_.tokens[active_];
}

size_t TokenQuotas::QuotaOf(const ApiRequest& request) const {
  std::optional<size_t> rest;
  for (size_t i = 0; i < rotation_.quotas.size(); ++i) {
    const auto& matchers = rotation_.quotas[i].matchers;
    if (matchers.empty()) {
      if (!rest) rest = i;
      continue;
    }
    if (std::any_of(matchers.begin(), matchers.end(),
                    [&](const RequestMatcher& matcher) { return matcher.Matches(request); })) {
      return i;
    }
  }
  return rest.value_or(0);
}

std::optional<size_t> TokenQuotas::SenderOf(const ApiRequest& request) const {
  std::string_view value = request.Header(rotation_.header);
  if (value.empty()) return std::nullopt;
  if (!rotation_.method.empty()) {
    if (!value.starts_with(rotation_.method + " ")) return std::nullopt;
    value.remove_prefix(rotation_.method.size() + 1);
  }
  const auto found = std::find(rotation_.tokens.begin(), rotation_.tokens.end(), value);
  if (found == rotation_.tokens.end()) return std::nullopt;
  return static_cast<size_t>(found - rotation_.tokens.begin());
}

Status TokenQuotas::Initialize(std::stop_token stop) {
  std::lock_guard lock(refresh_mutex_);
  if (initialized_) return Status::Ok();
  MR_RETURN_IF_ERROR(Seed(std::move(stop)));
  initialized_ = true;
  return Status::Ok();
}

Status TokenQuotas::Seed(std::stop_token stop) {
  States states;
  bool untracked = false;
  for (size_t token = 0; token < rotation_.tokens.size(); ++token) {
    MR_ASSIGN_OR_RETURN(std::vector<State> fetched, FetchStates(token, stop));
    for (const State& state : fetched) untracked = untracked || !state.tracked;
    states.push_back(std::move(fetched));
  }
  if (untracked) {
    environment_.messages->Log(LogLevel::kInfo,
                               "the quota status endpoint reports no quotas: tokens without them "
                               "take turns, and nothing is waited for on their account");
  }
  // Calls that others counted meanwhile are given up: the server's numbers have them already.
  std::lock_guard lock(mutex_);
  states_ = std::move(states);
  return Status::Ok();
}

Result<std::vector<TokenQuotas::State>> TokenQuotas::FetchStates(size_t token,
                                                                 const std::stop_token& stop) {
  MR_ASSIGN_OR_RETURN(const auto answers, AskQuotaStatus(*status_senders_[token], rotation_, stop));
  std::vector<State> states;
  for (const auto& answer : answers) {
    State state;
    state.tracked = answer.tracked;
    state.remaining = answer.remaining;
    state.limit = answer.limit;
    state.reset_at = answer.tracked ? answer.reset_at : environment_.clock->WallNow();
    states.push_back(state);
  }
  return states;
}

double TokenQuotas::SecondsUntil(WallTime when) const {
  return std::chrono::duration<double>(when - environment_.clock->WallNow()).count();
}

bool TokenQuotas::AllSpent(size_t quota) const {
  return std::all_of(states_.begin(), states_.end(), [quota](const std::vector<State>& pools) {
    return pools[quota].remaining <= 0 && pools[quota].tracked;
  });
}

double TokenQuotas::Throttle(size_t quota) const {
  int64_t remaining = 0;
  for (const std::vector<State>& pools : states_) {
    const State& state = pools[quota];
    const double reserve = std::max(rotation_.reserve_least,
                                    static_cast<double>(state.limit) * rotation_.reserve_fraction);
    if (!state.tracked || static_cast<double>(state.remaining) > reserve) return 0;
    remaining += std::max<int64_t>(state.remaining, 0);
  }
  const double left = SecondsUntil(states_[active_][quota].reset_at);
  if (remaining <= 0 || left <= 0) return 0;
  return std::min(left / static_cast<double>(remaining), kThrottleSecondsMax);
}

Result<TokenQuotas::Plan> TokenQuotas::PlanCall(size_t quota, std::optional<WallTime>* deadline) {
  // Ends: each turn goes to another token, and one of them has calls or none is tracked.
  for (size_t turn = 0; turn <= rotation_.tokens.size(); ++turn) {
    State& state = states_[active_][quota];
    const size_t token = active_;
    if (!state.tracked) {
      Advance();
      return Plan{token, 0};
    }
    if (state.remaining > 0) {
      --state.remaining;
      return Plan{token, Throttle(quota)};
    }
    if (AllSpent(quota)) break;
    Advance();
  }
  if (!*deadline) {
    *deadline = environment_.clock->WallNow() +
                std::chrono::microseconds(std::llround(rotation_.wait_seconds_max * 1e6));
  }
  const double budget = SecondsUntil(**deadline);
  double wait = SecondsUntil(states_[0][quota].reset_at);
  for (const std::vector<State>& pools : states_) {
    wait = std::min(wait, SecondsUntil(pools[quota].reset_at));
  }
  if (budget <= 0 || wait >= budget) {
    return Status::Failed({FailureType::kTransientError,
                           "Rate limit is exceeded for all provided tokens.",
                           "quota " + rotation_.quotas[quota].name +
                               ": the next reset is further away than max_wait_time",
                           {}});
  }
  return Plan{std::nullopt, std::min(std::max(wait, kExhaustionSecondsLeast), budget)};
}

Status TokenQuotas::SleepInChunks(double seconds, const std::stop_token& stop) {
  while (seconds > 0) {
    const double chunk = std::min(seconds, kLogEverySeconds);
    const auto span =
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(chunk));
    if (!environment_.sleeper->Sleep(span, stop)) return Status::Canceled();
    seconds -= chunk;
    if (seconds > 0) {
      environment_.messages->Log(
          LogLevel::kInfo,
          fmt::format("all tokens are used up: {:.0f} s until the reset", seconds));
    }
  }
  return Status::Ok();
}

Status TokenQuotas::RefreshAfterExhaustion(size_t quota, std::stop_token stop) {
  std::lock_guard lock(refresh_mutex_);
  {
    std::lock_guard states_lock(mutex_);
    if (!AllSpent(quota)) return Status::Ok();  // another thread has asked meanwhile
  }
  return Seed(std::move(stop));
}

Result<std::string> TokenQuotas::Acquire(const ApiRequest& request, std::stop_token stop) {
  MR_RETURN_IF_ERROR(Initialize(stop));
  const size_t quota = QuotaOf(request);
  std::optional<WallTime> deadline;
  // Ends: the waits altogether are bounded by max_wait_time.
  for (;;) {
    Plan plan;
    {
      std::lock_guard lock(mutex_);
      MR_ASSIGN_OR_RETURN(plan, PlanCall(quota, &deadline));
    }
    if (plan.token) {
      if (plan.seconds > 0) MR_RETURN_IF_ERROR(SleepInChunks(plan.seconds, stop));
      return rotation_.tokens[*plan.token];
    }
    MR_RETURN_IF_ERROR(SleepInChunks(plan.seconds, stop));
    MR_RETURN_IF_ERROR(RefreshAfterExhaustion(quota, stop));
  }
}

void TokenQuotas::Learn(const ApiRequest& request, const ApiResponse& response) {
  const size_t index = QuotaOf(request);
  const TokenQuota& quota = rotation_.quotas[index];
  const std::optional<size_t> token = SenderOf(request);
  if (!quota.reads_replies() || !token) return;
  const auto number = [&response](const std::string& header) {
    std::optional<int64_t> value;
    if (header.empty() || response.Header(header).empty()) return value;
    const auto read = PyInt64Of(PyValue(response.Header(header)));
    if (read.ok()) value = *read;
    return value;
  };
  const bool exhausted =
      std::find(quota.exhaustion_statuses.begin(), quota.exhaustion_statuses.end(),
                response.status) != quota.exhaustion_statuses.end();
  std::optional<int64_t> remaining = number(quota.remaining_header);
  if (!remaining && exhausted) remaining = 0;
  const std::optional<int64_t> limit = number(quota.limit_header);
  std::optional<WallTime> reset;
  if (!quota.reset_header.empty()) {
    if (const auto time = ParseFlexibleTime(response.Header(quota.reset_header)))
      reset = time->when;
  }
  std::lock_guard lock(mutex_);
  if (states_.empty()) return;
  State& state = states_[*token][index];
  if (!state.tracked) return;
  // A reply may be of a window that is over: its numbers would spoil the new one's.
  if (limit && *limit > 0 && (!reset || *reset >= state.reset_at)) state.limit = *limit;
  if (reset && *reset > state.reset_at) {
    state.reset_at = *reset;
    state.remaining = remaining.value_or(state.limit);
  } else if (remaining &&
             ((*remaining <= 0 && exhausted) || !reset || *reset >= state.reset_at - kResetSkew)) {
    state.remaining = std::min(state.remaining, *remaining);
  }
}

bool TokenQuotas::HasAlternative(const ApiRequest& request) {
  const size_t quota = QuotaOf(request);
  const std::optional<size_t> sender = SenderOf(request);
  std::lock_guard lock(mutex_);
  if (states_.empty() || !sender) return false;
  const State& spent = states_[*sender][quota];
  if (!spent.tracked || spent.remaining > 0) return false;
  for (size_t token = 0; token < states_.size(); ++token) {
    if (token != *sender && states_[token][quota].remaining > 0) return true;
  }
  return false;
}

}  // namespace millrace
